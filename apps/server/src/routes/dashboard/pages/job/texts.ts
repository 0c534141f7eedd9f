import type { AttemptView, JobView } from '@rumpfarm/farm'
import { attemptMilliseconds, stepMilliseconds } from '../../components/attempt-time.ts'
import { statusLabel, statusOf } from '../../components/status.ts'
import { age, duration } from '../../components/times.ts'

export const jobTitle = (job: JobView, attempt: AttemptView): string =>
  `${job.project} on ${job.host} for ${job.arch}: ${statusLabel[statusOf(attempt)]}`

/** Returns the heading of a job page: the status, the duration, the host and the architecture of an attempt. */
export function sentence(job: JobView, attempt: AttemptView, at: Date): string {
  const where = `on ${job.host} for ${job.arch}${job.variant === 'default' ? '' : `, ${job.variant}`}`
  const status = statusOf(attempt)
  const step = attempt.failedStep === null ? '' : ` at ${attempt.failedStep}`
  switch (status) {
    case 'waiting':
      return `Waiting for sources, ${where}`
    case 'queued':
      return `Queued for ${age(stateStart(attempt), at)}, ${where}`
    case 'leased':
      return `Starting ${where}`
    case 'running':
      return `Running ${job.recipe.steps[attempt.steps.length]?.name ?? ''} for ${age(stateStart(attempt), at)}, ${where}`
    case 'passed':
      return `Passed after ${length(attempt)} ${where}`
    default:
      return `${capitalized(statusLabel[status])}${step}${attempt.startedAt ? ` after ${length(attempt)}` : ''} ${where}`
  }
}

export const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

const length = (attempt: AttemptView) => duration(attemptMilliseconds(attempt, attempt.finishedAt ?? new Date(0)) ?? 0)

/** Returns the start of the wait, or of the running step. Steps follow each other without a pause. */
export const stateStart = ({ startedAt, queuedAt, steps }: AttemptView): Date =>
  new Date((startedAt ?? queuedAt).getTime() + stepMilliseconds(steps))

/**
 * Returns the text before the last good commit; undefined if the job passed, or if its build is the last good build.
 */
export function lastGoodText({ lastGood, buildId, verdict }: JobView): string | undefined {
  if (!lastGood || verdict === 'passed' || lastGood.buildId === buildId) return undefined
  return lastGood.buildId < buildId ? 'Last passed at' : 'Passing again since'
}
