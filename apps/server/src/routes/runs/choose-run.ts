import type { AttemptView, Farm, JobView } from '@rumpfarm/farm'
import type { Run } from './facts.ts'

/** The newest attempt that a host has started; else the newest attempt. */
export const startedAttempt = (newestFirst: readonly AttemptView[]): AttemptView | undefined =>
  newestFirst.find(({ steps }) => steps.length > 0) ?? newestFirst[0]

/** The last good job of the same host, arch, variant and branch; undefined if there is no other job. */
export async function lastGoodRun({ builds }: Pick<Farm, 'builds'>, job: JobView): Promise<Run | undefined> {
  const id = job.lastGood?.jobId
  const good = id == null || id === job.id ? undefined : await builds.findJob(id)
  const attempt = good?.attempts.find(({ verdict }) => verdict === 'passed')
  return good && attempt && { job: good, attempt }
}
