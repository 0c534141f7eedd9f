import type { AttemptView, Farm, JobView } from '@rumpfarm/farm'
import { failureOf } from './failure-of.ts'
import type { JobStateProps } from './state.tsx'

/** Reads what the page shows of a job besides its rows: the queue, the usual durations, and the failure. */
export async function stateOf(
  farm: Pick<Farm, 'failures' | 'queue'>,
  job: JobView,
  attempt: AttemptView,
): Promise<Pick<JobStateProps, 'queued' | 'expectation' | 'failure'>> {
  const open = attempt.state !== 'finished'
  const [queued, expectation, failure] = await Promise.all([
    open ? farm.queue.find(job) : undefined,
    farm.queue.expectation(job.id),
    failureOf(farm, job, attempt),
  ])
  return { queued, expectation, failure }
}
