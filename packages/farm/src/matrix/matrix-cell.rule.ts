import type { AttemptState, Verdict } from '@rumpfarm/contracts'
import { isResult } from './cell.rule.ts'

export interface Milestone {
  buildId: number
  commit: string
  at: Date
}

/** The newest finished attempt of a project's variant on one host for one arch. */
export interface CellRecord {
  jobId: number
  buildId: number
  commit: string
  /** The commit's position in the branch's history; larger is newer. Null: the branch no longer has the commit. */
  position: number | null
  verdict: Verdict
  failedStep: string | null
  finishedAt: Date
  /** The first build of the unbroken run of passes, or of failures. */
  since: Milestone
  /** The build at which the failure became another one; null: it is the same as at `since`. */
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
  /** The running step; null before the first one. */
  step: string | null
  since: Date
}

/** `known-failure`: farm.yaml expects this failure. `prevented`: it never ran, and cannot run now. */
export type CellStatus = Verdict | ActiveState | 'never-ran' | 'prevented' | 'known-failure'

export interface MatrixCell {
  host: string
  arch: string
  project: string
  branch: string
  variant: string
  status: CellStatus
  /** Its newest job ended without a result, and now has another attempt. */
  retrying: boolean
  /** Null: no attempt has finished. */
  last: CellRecord | null
  active: ActiveAttempt | null
  /** Why no new job runs here: the host's owner does not allow it, or the host cannot build for the arch. */
  prevented: string | null
  /** Why farm.yaml expects it to fail, also for a cell that passes. */
  known: string | null
  /**
   * The project's other cells: how many have their result at the same commit (`of`), how many of these failed at the same step
   * (`cells`), and how many have no result of the commit yet (`notYet`).
   */
  alike: { cells: number; of: number; notYet: number }
}

type Facts = Pick<MatrixCell, 'last' | 'active' | 'prevented' | 'known'>

/** A running attempt decides only while there is no result: a lost attempt that runs again is not a failure. */
export function cellStatus({ last, active, prevented, known }: Facts): CellStatus {
  if (!last) return prevented === null ? 'never-ran' : 'prevented'
  if (active && !isResult(last.verdict)) return active.state
  return known !== null && isFailure(last.verdict) ? 'known-failure' : last.verdict
}

export const isRetrying = ({ last, active }: Facts): boolean =>
  last !== null && active?.jobId === last.jobId && !isResult(last.verdict)

/** A failure that somebody should look at. A person asked for a cancelled job's end. */
export const isFailure = (status: string): status is Failure => failures.has(status)

type Failure = 'failed' | 'timed-out' | 'lost' | 'broken'
const failures: ReadonlySet<string> = new Set<Failure>(['failed', 'timed-out', 'lost', 'broken'])
