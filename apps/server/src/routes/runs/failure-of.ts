import type { AttemptView, FailureSpread, FailureView, Farm, JobView, SeenIn } from '@rumpfarm/farm'

/** The failure of the shown attempt, and where else it occurs. */
export interface JobFailure {
  failure: FailureView
  spread: FailureSpread
  seenBefore: SeenIn | null
}

/** The failure of an attempt; undefined if the attempt has not failed, or if the farm has not examined its log yet. */
export async function failureOf(
  { failures }: Pick<Farm, 'failures'>,
  { id, buildId, project }: JobView,
  { number, verdict }: AttemptView,
): Promise<JobFailure | undefined> {
  if (verdict !== 'failed' && verdict !== 'timed-out') return undefined
  const failure = await failures.find({ jobId: id, number })
  if (!failure) return undefined
  const { fingerprint } = failure
  const [spread, seenBefore] = await Promise.all([
    failures.spread({ buildId, fingerprint }),
    failures.seenBefore({ project, fingerprint, before: buildId }),
  ])
  return { failure, spread, seenBefore }
}
