import type { CellState, Verdict } from '@rumpfarm/contracts'
import { type Flakiness, flakinessOf } from './flakiness.rule.ts'

/** A finished attempt of one cell. A cell belongs to a project, branch, host, arch and variant. */
export interface CellAttempt {
  /** The position of its commit in the branch's current first-parent history; larger is newer. */
  position: number
  commit: string
  buildId: number
  jobId: number
  number: number
  /** The hash of the attempt's recipe. */
  recipe: string
  verdict: Verdict
  failedStep: string | null
  /** Null if the attempt passed, or if the farm has not examined its log. */
  fingerprint: string | null
  /** The time from the start to the end of the attempt. Null if the attempt did not start. */
  milliseconds: number | null
  finishedAt: Date
}

export type { CellState }

export interface CellStanding {
  state: CellState
  /** The newest result of the newest commit that has a result. Null if no commit has a result. */
  newest: CellAttempt | null
  /** The start of the series of failures, or of passes, that ends with `newest`. */
  since: CellAttempt | null
  /** The attempt at which the series last changed its verdict or failed step; null if the series never changed them. */
  changedAt: CellAttempt | null
  /** The newest passed commit. The first bad commit is after `lastGood` and not after `since`. */
  lastGood: CellAttempt | null
  /** The cancelled, lost and broken attempts, oldest first. Each is of the commit of `newest`, or of a newer commit. */
  withoutResult: CellAttempt[]
  flakiness: Flakiness
  /** The median duration of the newest passes; null without a pass. */
  expectedMilliseconds: number | null
}

/** Whether this verdict is a result. Cancelled, lost and broken attempts do not show whether the commit is good. */
export const isResult = (verdict: Verdict): boolean =>
  verdict === 'passed' || verdict === 'failed' || verdict === 'timed-out'

type Outcome = 'pass' | 'fail' | 'mixed'

interface CommitResult {
  outcome: Outcome
  /** The commit's attempts that have a result and the newest recipe, oldest first. */
  attempts: CellAttempt[]
  last: CellAttempt
}

/**
 * Derives a cell from all its finished attempts, in any order. So the standing is the same if a result arrives late,
 * out of order, or after a force push. `confirm` is the number of further attempts that must fail in the same way
 * before a failure counts as new.
 */
export function deriveCell(attempts: readonly CellAttempt[], confirm = 1): CellStanding {
  const commits = foldCommits(attempts.filter(({ verdict }) => isResult(verdict)))
  const newest = commits.at(-1)
  const run = newestSeries(commits)
  const failingCommits = newest?.outcome === 'fail' ? run.length : 0
  const flakiness = flakinessOf(
    commits.flatMap(commit => commit.attempts),
    failingCommits,
  )
  const expectedMilliseconds = expectedDuration(commits)
  const withoutResult = attempts
    .filter(({ verdict, position }) => !isResult(verdict) && position >= (newest?.last.position ?? -1))
    .sort(byTime)
  const rest = { withoutResult, flakiness, expectedMilliseconds }
  if (!newest) return { state: 'unknown', newest: null, since: null, changedAt: null, lastGood: null, ...rest }
  const first = run[0] ?? newest
  const same = run.slice(run.findLastIndex(result => !isSameWay(result.last, newest.last)) + 1)[0] ?? newest
  return {
    state: stateOf(newest, commits, confirm, flakiness.flaky),
    newest: newest.last,
    since: firstOf(first),
    changedAt: same === first ? null : firstOf(same),
    lastGood: commits.findLast(({ outcome }) => outcome === 'pass')?.last ?? null,
    ...rest,
  }
}

/** The median is of at most this many passes, so that a faster compiler shows in the expected time after a few runs. */
const expectedOf = 10

function expectedDuration(commits: readonly CommitResult[]): number | null {
  const durations = commits
    .flatMap(({ attempts }) => attempts)
    .filter(({ verdict, milliseconds }) => verdict === 'passed' && milliseconds !== null)
    .slice(-expectedOf)
    .map(({ milliseconds }) => milliseconds as number)
    .sort((one, other) => one - other)
  return durations[Math.floor(durations.length / 2)] ?? null
}

/**
 * The commit's first attempt that ended in the same way as its last attempt. So the start of a series does not change
 * if its commit is built again.
 */
const firstOf = ({ attempts, last }: CommitResult): CellAttempt =>
  attempts.find(attempt => isSameWay(attempt, last)) ?? last

/** One result for each commit: pass, fail, or mixed if its attempts differ; oldest commit first. */
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

/** Only attempts with the newest recipe count, so a corrected recipe replaces the results of the previous recipe. */
function foldCommit(results: readonly CellAttempt[]): CommitResult {
  const newestBuild = results.reduce((one, other) => (other.buildId > one.buildId ? other : one))
  const attempts = results.filter(({ recipe }) => recipe === newestBuild.recipe).sort(byTime)
  const passed = attempts.filter(({ verdict }) => verdict === 'passed').length
  const outcome = passed === attempts.length ? 'pass' : passed === 0 ? 'fail' : 'mixed'
  return { outcome, attempts, last: attempts.at(-1) as CellAttempt }
}

/** The newest commits with the same outcome. A flaky commit does not end the series and is not part of it. */
function newestSeries(commits: readonly CommitResult[]): CommitResult[] {
  const newest = commits.at(-1)
  if (!newest || newest.outcome === 'mixed') return newest ? [newest] : []
  const clear = commits.filter(({ outcome }) => outcome !== 'mixed')
  return clear.slice(clear.findLastIndex(({ outcome }) => outcome !== newest.outcome) + 1)
}

function stateOf(newest: CommitResult, commits: readonly CommitResult[], confirm: number, flaky: boolean): CellState {
  if (newest.outcome === 'mixed') return 'flaky'
  const before = commits.slice(0, -1).findLast(({ outcome }) => outcome !== 'mixed')
  if (newest.outcome === 'pass') return before?.outcome === 'fail' ? 'fixed' : 'passing'
  if (commits.every(({ outcome }) => outcome !== 'pass')) return 'failing'
  if (flaky) return 'flaky'
  if (before?.outcome === 'fail') return isSameWay(before.last, newest.last) ? 'still-failing' : 'failing-differently'
  return isConfirmed(newest, confirm) ? 'newly-failing' : 'newly-failing-unconfirmed'
}

const isConfirmed = ({ attempts }: CommitResult, confirm: number): boolean => {
  const last = attempts.slice(-1 - confirm)
  return last.length > confirm && last.every(attempt => isSameWay(attempt, attempts.at(-1) as CellAttempt))
}

type Way = Pick<CellAttempt, 'verdict' | 'failedStep' | 'fingerprint'>

/**
 * Whether two attempts ended in the same way. A timeout and a failure at the same step are different ways. Before the
 * farm has examined a log, the step alone counts.
 */
const isSameWay = (one: Way, other: Way): boolean =>
  one.verdict === other.verdict &&
  one.failedStep === other.failedStep &&
  (one.fingerprint === null || other.fingerprint === null || one.fingerprint === other.fingerprint)

/** A stored cell. Its milestones can be older than the results that the farm reads to derive the cell. */
export interface StoredCell<Milestone> {
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  since: Milestone
  changed: Milestone
  lastGood: Milestone | null
}

interface InHistory {
  commit: string
}

/**
 * The milestones of a standing that was derived from the newest results only (`window`). If the window starts within a
 * series, the stored cell has the start of the series and the last pass before it.
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
  const sameWay = runGoesOn && isSameWay(stored, newest)
  return {
    since: olderSince,
    changed: changedAt ?? (sameWay && isOlder(stored.changed) ? stored.changed : olderSince),
    lastGood: lastGood ?? (stored && isOlder(stored.lastGood) ? stored.lastGood : null),
  }
}

const byTime = (one: CellAttempt, other: CellAttempt): number =>
  one.finishedAt.getTime() - other.finishedAt.getTime() || one.jobId - other.jobId || one.number - other.number
