import type { Verdict } from '@rumpfarm/contracts'

/** A finished attempt of one cell's key: project, branch, host, arch and variant. */
export interface CellAttempt {
  /** Where its commit stands on the branch's current first-parent line; larger is newer. */
  position: number
  commit: string
  buildId: number
  jobId: number
  /** The hash of the recipe it ran with. */
  recipe: string
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
  /** Its attempts with a result and with its newest recipe, oldest first. */
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
    since: beganWith(first),
    changedAt: same === first ? null : beganWith(same),
    lastGood: commits.findLast(({ outcome }) => outcome === 'pass')?.last ?? null,
    withoutResult,
  }
}

/** A commit that is built again began no other run: its first attempt that ended so stays the one. */
const beganWith = ({ attempts, last }: CommitResult): CellAttempt =>
  attempts.find(attempt => wayOf(attempt) === wayOf(last)) ?? last

/** A commit's results as one: pass, fail, or mixed when its attempts disagree; oldest commit first. */
function foldCommits(results: readonly CellAttempt[]): CommitResult[] {
  const byCommit = new Map<string, CellAttempt[]>()
  for (const result of results) {
    const others = byCommit.get(result.commit)
    if (others) others.push(result)
    else byCommit.set(result.commit, [result])
  }
  return [...byCommit.values()]
    .map(foldCommit)
    .sort((one, other) => one.last.position - other.last.position || one.last.buildId - other.last.buildId)
}

/** A fixed recipe replaces the results of the one before it; it does not contradict them. */
function foldCommit(results: readonly CellAttempt[]): CommitResult {
  const newestBuild = results.reduce((one, other) => (other.buildId > one.buildId ? other : one))
  const attempts = results.filter(({ recipe }) => recipe === newestBuild.recipe).sort(byTime)
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
const wayOf = ({ verdict, failedStep }: Pick<CellAttempt, 'verdict' | 'failedStep'>): string =>
  `${verdict}\n${failedStep ?? ''}`

/** A cell as it is stored: what a window of its newest results cannot tell any more. */
export interface StoredCell<Milestone> {
  verdict: Verdict
  failedStep: string | null
  since: Milestone
  changed: Milestone
  lastGood: Milestone | null
}

interface InHistory {
  commit: string
}

/**
 * The milestones of a standing that was derived from the newest results only: where the window ends inside a run, the
 * stored cell still knows when that run began, and what passed before it.
 */
export function completeStanding<Milestone extends InHistory>(
  { newest, since, changedAt, lastGood }: CellStanding,
  window: readonly CellAttempt[],
  stored: StoredCell<Milestone> | null,
): {
  since: CellAttempt | Milestone | null
  changed: CellAttempt | Milestone | null
  lastGood: CellAttempt | Milestone | null
} {
  const known = new Set(window.map(({ commit }) => commit))
  const isOlder = (milestone: Milestone | null): milestone is Milestone =>
    milestone !== null && !known.has(milestone.commit)
  const oldest = window.reduce<CellAttempt | null>(
    (one, other) => (one && one.position <= other.position ? one : other),
    null,
  )
  const runGoesOn =
    newest !== null &&
    stored !== null &&
    since?.commit === oldest?.commit &&
    isResult(stored.verdict) &&
    (stored.verdict === 'passed') === (newest.verdict === 'passed')
  const olderSince = runGoesOn && isOlder(stored.since) ? stored.since : since
  const sameWay = runGoesOn && wayOf(stored) === wayOf(newest)
  return {
    since: olderSince,
    changed: changedAt ?? (sameWay && isOlder(stored.changed) ? stored.changed : olderSince),
    lastGood: lastGood ?? (stored && isOlder(stored.lastGood) ? stored.lastGood : null),
  }
}

const byTime = (one: CellAttempt, other: CellAttempt): number =>
  one.finishedAt.getTime() - other.finishedAt.getTime() || one.jobId - other.jobId
