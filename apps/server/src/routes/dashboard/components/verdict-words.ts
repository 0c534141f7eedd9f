import type { AttemptState, Verdict } from '@rumpfarm/contracts'

/**
 * What a job or a cell is: how it ended or, if it has not, what it is doing. Only cells are prevented (the host's owner does
 * not allow it, or the host cannot build for the arch) or known (farm.yaml says that and why they fail).
 */
export type Status = Verdict | Exclude<AttemptState, 'finished'> | 'never' | 'prevented' | 'known'

/** The words of every status. The style sheet gives each its sign and colour by the class of the same name. */
export const wordOf: Record<Status, string> = {
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
  never: 'never ran',
  prevented: 'not run here',
  known: 'known to fail',
}

/** In the order of how much they want to be seen. */
export const statuses = Object.keys(wordOf) as Status[]

export const statusOf = ({ state, verdict }: { state: AttemptState; verdict: Verdict | null }): Status =>
  state === 'finished' ? (verdict ?? 'lost') : state

/** Whether somebody should look at it. A cancelled job is what somebody wanted. */
export const isTrouble = (status: Status): status is 'failed' | 'timed-out' | 'lost' | 'broken' =>
  status === 'failed' || status === 'timed-out' || status === 'lost' || status === 'broken'

/**
 * How an ended step ended. One that was killed because the job was cancelled or reached a limit did not fail by itself: it has
 * the job's own end. `last`: no later step has ended.
 */
export const stepStatus = (exit: number, last: boolean, verdict: Verdict | null): Status =>
  exit === 0 ? 'passed' : last && verdict !== null && verdict !== 'passed' ? verdict : 'failed'

export const isActive = (status: Status): status is Exclude<AttemptState, 'finished'> =>
  status === 'waiting' || status === 'queued' || status === 'leased' || status === 'running'

export const shortCommit = (commit: string): string => commit.slice(0, 7)

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
