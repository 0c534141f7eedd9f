import type { AttemptState, Verdict } from '@rumpfarm/contracts'
import type { CellStatus } from '@rumpfarm/farm'

/** The verdict of a finished job, or the state of an unfinished job. */
export type JobStatus = Verdict | Exclude<AttemptState, 'finished'>
export type Status = JobStatus | CellStatus

/** For each status, the style sheet has a class of the same name. The class gives the status its sign and colour. */
export const statusLabel: Record<Status, string> = {
  passed: 'passed',
  failed: 'failed',
  'timed-out': 'timed out',
  cancelled: 'cancelled',
  lost: 'lost',
  broken: 'broken',
  waiting: 'waiting for sources',
  queued: 'queued',
  leased: 'starting',
  running: 'running',
  'never-ran': 'never ran',
  prevented: 'cannot run',
  'known-failure': 'known to fail',
}

/** The statuses in the order in which a build's counts show them. */
export const jobStatuses: readonly JobStatus[] = [
  'passed',
  'failed',
  'timed-out',
  'cancelled',
  'lost',
  'broken',
  'waiting',
  'queued',
  'leased',
  'running',
]

export const statusOf = ({ state, verdict }: { state: AttemptState; verdict: Verdict | null }): JobStatus =>
  state === 'finished' ? (verdict ?? 'lost') : state

export const isActive = (status: Status): status is Exclude<AttemptState, 'finished'> =>
  status === 'waiting' || status === 'queued' || status === 'leased' || status === 'running'

/**
 * An agent kills the last step if the job is cancelled or reaches a limit. Such a step has not failed by itself, so it
 * gets the verdict of the job. `last` is true if no later step has ended.
 */
export const stepStatus = (exit: number, last: boolean, verdict: Verdict | null): JobStatus =>
  exit === 0 ? 'passed' : last && verdict !== null && verdict !== 'passed' ? verdict : 'failed'

export const shortCommit = (commit: string): string => commit.slice(0, 7)

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
