import type { AttemptState, Verdict } from '@rumpfarm/contracts'
import type { Acknowledgement } from '../acknowledgements/acknowledged.rule.ts'
import { type CellState, isResult } from './cell.rule.ts'
import type { Flakiness } from './flakiness.rule.ts'

export interface Milestone {
  buildId: number
  /** The job of the cell in this build. Null if the farm does not know it. */
  jobId: number | null
  commit: string
  at: Date
  /** The commit's position on its branch, if the farm has read it. */
  position?: number | null
}

/** The newest finished attempt of a project's variant on one host for one arch. */
export interface CellRecord {
  jobId: number
  /** The name of the attempt. */
  attempt: string
  state: CellState
  /** Equal fingerprints mean the same failure. Null if the cell passes, or before the farm has examined the log. */
  fingerprint: string | null
  /** The line of the log that shows the failure. Null like `fingerprint`. */
  message: string | null
  flakiness: Flakiness
  /** The median duration of the newest passes, in milliseconds; null without a pass. */
  expectedMs: number | null
  /** The attempt passed without any test, although earlier jobs of the cell had tests. */
  testsMissing: boolean
  buildId: number
  commit: string
  /** The commit's position in the branch's history; larger is newer. Null if the branch no longer has the commit. */
  position: number | null
  verdict: Verdict
  failedStep: string | null
  finishedAt: Date
  /** The first build of the present series of passes, or of failures. */
  since: Milestone
  /** The build at which the series last changed its verdict or failed step; null if the series never changed them. */
  changed: Milestone | null
  lastGood: Milestone | null
}

type ActiveState = Exclude<AttemptState, 'finished'>

/** An attempt that has not finished. */
export interface ActiveAttempt {
  jobId: number
  attempt: string
  buildId: number
  state: ActiveState
  /** The running step; null before the first step starts. */
  step: string | null
  since: Date
}

/** `known-failure`: farm.yaml expects this failure, or a person acknowledged it. `prevented`: no attempt has finished, and none can run now. */
export type CellStatus = Verdict | ActiveState | 'never-ran' | 'prevented' | 'known-failure'

export interface MatrixCell {
  host: string
  arch: string
  project: string
  branch: string
  variant: string
  status: CellStatus
  /** The newest job of the cell ended without a result, and now has another attempt. */
  retrying: boolean
  /** Null if no attempt has finished. */
  last: CellRecord | null
  active: ActiveAttempt | null
  /** Why no new job runs here: the host's owner does not allow it, or the host cannot build for the arch. */
  prevented: string | null
  /** Why farm.yaml expects the cell to fail. A cell that passes has this reason, too. */
  known: string | null
  /** The acknowledgement of the newest failure; null if nobody acknowledged it, and if the cell does not fail. */
  acknowledged: Acknowledgement | null
  /**
   * Counts of the project's other cells. `of`: cells with a result of the same commit. `cells`: those of them that
   * ended in the same way. `notYet`: cells that can still get a result of this commit.
   */
  alike: { cells: number; of: number; notYet: number }
}

type Facts = Pick<MatrixCell, 'last' | 'active' | 'prevented' | 'known' | 'acknowledged'>

/**
 * If the last attempt ended without a result, the state of the active attempt is the status, because a lost job that
 * runs again is not a failure.
 */
export function cellStatus({ last, active, prevented, known, acknowledged }: Facts): CellStatus {
  if (!last) return prevented === null ? 'never-ran' : 'prevented'
  if (active && !isResult(last.verdict)) return active.state
  return (known !== null || acknowledged !== null) && isFailure(last.verdict) ? 'known-failure' : last.verdict
}

export const isRetrying = ({ last, active }: Facts): boolean =>
  last !== null && active?.jobId === last.jobId && !isResult(last.verdict)

/** Whether somebody should look at this result. A cancelled job is no failure, because a person ended it. */
export const isFailure = (status: string): status is Failure => failures.has(status)

type Failure = 'failed' | 'timed-out' | 'lost' | 'broken'
const failures: ReadonlySet<string> = new Set<Failure>(['failed', 'timed-out', 'lost', 'broken'])
