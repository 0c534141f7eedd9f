import type { AttemptView, Farm, JobView } from '@rumpfarm/farm'
import { failureOf } from '../../../runs/failure-of.ts'
import type { JobStateProps } from './state.tsx'

/** Reads what the page shows of a job besides its rows: the queue, the usual durations, the failure, and the tests. */
export async function stateOf(
  farm: Pick<Farm, 'failures' | 'queue' | 'testResults'>,
  job: JobView,
  attempt: AttemptView,
): Promise<Pick<JobStateProps, 'queued' | 'expectation' | 'failure' | 'tests'>> {
  const open = attempt.state !== 'finished'
  const [queued, expectation, failure, tests] = await Promise.all([
    open ? farm.queue.find(job) : undefined,
    farm.queue.expectation(job.id),
    failureOf(farm, job, attempt),
    open ? undefined : farm.testResults.summary({ jobId: job.id, number: attempt.number }),
  ])
  return { queued, expectation, failure, tests }
}
