import type { Verdict } from '@rumpfarm/contracts'

/** A finished attempt of one cell's key: project, branch, host, arch and variant. */
export interface CellAttempt {
  /** Where its commit stands on the branch's current first-parent line; larger is newer. */
  position: number
  commit: string
  jobId: number
  verdict: Verdict
  failedStep: string | null
  finishedAt: Date
}

/**
 * `unknown`: no result. `failing`: it fails, and no commit passed before. `newly-failing` is confirmed by a second attempt
 * that failed the same way. `mixed` results of one commit make a cell `flaky`.
 */
export type CellState =
  | 'unknown'
  | 'failing'
  | 'passing'
  | 'newly-failing-unconfirmed'
  | 'newly-failing'
  | 'still-failing'
  | 'failing-differently'
  | 'fixed'
  | 'flaky'

export interface CellStanding {
  state: CellState
  /** The newest commit with a result, shown by its newest attempt that has one. Null: there is none. */
  newest: CellAttempt | null
  /** Of a cell that fails: the oldest commit of the unbroken run of failures. Of one that passes: of passes. */
  since: CellAttempt | null
  /** The commit at which the failure became what it is now; null: it has been the same since `since`. */
  changedAt: CellAttempt | null
  /** The newest commit that passed, up to `newest`. The suspect range is (lastGood, since]. */
  lastGood: CellAttempt | null
  /** Attempts at `newest` or a newer commit that say nothing about it: cancelled, lost, broken; oldest first. */
  withoutResult: CellAttempt[]
}

/** Cancelled, lost and broken say nothing about the commit. */
export const isResult = (verdict: Verdict): boolean =>
  verdict === 'passed' || verdict === 'failed' || verdict === 'timed-out'

type Outcome = 'pass' | 'fail' | 'mixed'

interface CommitResult {
  outcome: Outcome
  /** Its attempts with a result, oldest first. */
  attempts: CellAttempt[]
  last: CellAttempt
}

/**
 * How a cell stands, from all its finished attempts, in any order. Pure and repeatable: a result that arrives late, out of
 * order, or after a force push has given new positions, leads to the same standing as if it had come in time.
 */
export function deriveCell(attempts: readonly CellAttempt[]): CellStanding {
  const commits = foldCommits(attempts.filter(({ verdict }) => isResult(verdict)))
  const newest = commits.at(-1)
  const withoutResult = attempts
    .filter(({ verdict, position }) => !isResult(verdict) && position >= (newest?.last.position ?? -1))
    .sort(byTime)
  if (!newest) return { state: 'unknown', newest: null, since: null, changedAt: null, lastGood: null, withoutResult }
  const run = trailingRun(commits)
  const first = run[0] ?? newest
  const same = run.slice(run.findLastIndex(result => wayOf(result.last) !== wayOf(newest.last)) + 1)[0] ?? newest
  return {
    state: stateOf(newest, commits),
    newest: newest.last,
    since: first.last,
    changedAt: same === first ? null : same.last,
    lastGood: commits.findLast(({ outcome }) => outcome === 'pass')?.last ?? null,
    withoutResult,
  }
}

/** A commit's results as one: pass, fail, or mixed when its attempts disagree; oldest commit first. */
function foldCommits(results: readonly CellAttempt[]): CommitResult[] {
  const byPosition = new Map<number, CellAttempt[]>()
  for (const result of results) {
    const others = byPosition.get(result.position)
    if (others) others.push(result)
    else byPosition.set(result.position, [result])
  }
  return [...byPosition.entries()]
    .sort(([one], [other]) => one - other)
    .map(([, same]) => foldCommit(same.sort(byTime)))
}

function foldCommit(attempts: CellAttempt[]): CommitResult {
  const passed = attempts.filter(({ verdict }) => verdict === 'passed').length
  const outcome = passed === attempts.length ? 'pass' : passed === 0 ? 'fail' : 'mixed'
  return { outcome, attempts, last: attempts.at(-1) as CellAttempt }
}

/** The newest commits with the outcome of the newest. A flaky commit neither ends a run nor belongs to it. */
function trailingRun(commits: readonly CommitResult[]): CommitResult[] {
  const newest = commits.at(-1)
  if (!newest || newest.outcome === 'mixed') return newest ? [newest] : []
  const clear = commits.filter(({ outcome }) => outcome !== 'mixed')
  return clear.slice(clear.findLastIndex(({ outcome }) => outcome !== newest.outcome) + 1)
}

function stateOf(newest: CommitResult, commits: readonly CommitResult[]): CellState {
  if (newest.outcome === 'mixed') return 'flaky'
  const before = commits.slice(0, -1).findLast(({ outcome }) => outcome !== 'mixed')
  if (newest.outcome === 'pass') return before?.outcome === 'fail' ? 'fixed' : 'passing'
  if (commits.every(({ outcome }) => outcome !== 'pass')) return 'failing'
  if (before?.outcome === 'fail')
    return wayOf(before.last) === wayOf(newest.last) ? 'still-failing' : 'failing-differently'
  return isConfirmed(newest) ? 'newly-failing' : 'newly-failing-unconfirmed'
}

const isConfirmed = ({ attempts }: CommitResult): boolean =>
  attempts.length > 1 && new Set(attempts.slice(-2).map(wayOf)).size === 1

/** How it failed: a timeout after a failure is another failure. */
const wayOf = ({ verdict, failedStep }: CellAttempt): string => `${verdict}\n${failedStep ?? ''}`

const byTime = (one: CellAttempt, other: CellAttempt): number => one.finishedAt.getTime() - other.finishedAt.getTime()
