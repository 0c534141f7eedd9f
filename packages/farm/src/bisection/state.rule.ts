/**
 * Changes when the rules below decide differently from the same rows. A bisection stores the version that it started
 * with.
 */
export const ruleVersion = 2

/** A commit after the last good commit, up to and including the bad commit. */
export interface RangeCommit {
  /** From 1, the oldest commit. Position 0 is the last good commit. */
  position: number
  commit: string
  author: string
  /** A larger weight means that the commit is more likely the first bad commit. Weights order probes; they never decide. */
  weight: number
  /** Why a person should check this commit again if it is the answer. */
  doubt: Doubt | null
}

export type Doubt = 'merge' | 'documentation' | 'other-arch' | 'comments'

/**
 * `good`: the failing step passed. `bad`: it failed with the fingerprint of the bisection. `other`: the commit failed in
 * another way, so it is neither (git's 125). `none`: the attempt was lost, broken or cancelled.
 */
export type ProbeVerdict = 'good' | 'bad' | 'other' | 'none'

export type ProbePurpose = 'good-end' | 'bad-end' | 'search' | 'repeat' | 'confirm' | 'other-cell'

/** A run of one commit on one cell: a probe of the bisection, or a result that another build already had. */
export interface Run {
  position: number
  /** 0 is the cell of the bisection; larger numbers are other cells with the same failure. */
  cell: number
  /** Null for a result of another build. Such a result costs nothing. */
  purpose: ProbePurpose | null
  /** Null while the probe waits or runs. */
  verdict: ProbeVerdict | null
  costMs: number
  endedAt: Date | null
  /** An equal host that ran it instead of the host of the cell. Null for the host of the cell. */
  hostId: number | null
}

/** The runs of good commits before the bisection, and how many of them failed with its fingerprint. */
export interface Noise {
  runs: number
  failed: number
}

/** Why a bisection ends before it has an answer. */
export type Stop = 'cancelled' | 'fixed' | 'rewritten' | 'host-gone'

/** The rows of a bisection. The next step is a pure function of this value. */
export interface BisectionState {
  /** Oldest first; the last one is the bad commit. */
  commits: readonly RangeCommit[]
  /** In the order in which they ended. */
  runs: readonly Run[]
  /** The positions that an ordinary job of cell 0 will test soon, so a probe would be wasted. */
  awaited: readonly number[]
  noise: Noise
  /** The share of runs in which the failure occurs. Null if it occurs in each run of a bad commit. */
  failureRate: number | null
  /** Equal hosts that show the same failure and have nothing to do now. */
  idleHosts: readonly number[]
  /** How many other cells have the same failure. */
  otherCells: number
  budgetMs: number
  runsMax: number
  /** The expected duration of a probe on cell 0. Null if unknown. */
  expectedMs: number | null
  /** How long the last pair of confirming runs waits, because flakes repeat together. */
  pauseMs: number
  /** The range is the inside of a merge: the merged commits, and the merge itself as the last one. */
  insideMerge: boolean
  stop: Stop | null
}

/** The runs of a position on cell 0 whose commit was good or bad. */
export const clearRuns = ({ runs }: Pick<BisectionState, 'runs'>, position: number): Run[] =>
  runs.filter(run => run.cell === 0 && run.position === position && (run.verdict === 'good' || run.verdict === 'bad'))

/** `again`: the newest run failed, but one failure is not enough evidence. */
export type PositionVerdict = 'good' | 'bad' | 'skip' | 'again' | 'unknown'

/** A lost or cancelled attempt says nothing about the commit. After this many of them, the commit is skipped. */
const withoutResultMax = 2

/** How sure the farm must be that a commit is good, if the failure occurs only in a share of the runs. */
const goodErrorMax = 0.05

/**
 * The passes after which a commit is good. A failure that occurs in half of the runs needs 5 passes, because a bad commit
 * passes 5 times with a chance of 3 %.
 */
export const passesNeeded = (failureRate: number | null): number =>
  failureRate === null ? 1 : Math.max(1, Math.ceil(Math.log(goodErrorMax) / Math.log(1 - failureRate)))

/**
 * The verdict of a position. The newest run decides. A failure of a commit that also passed counts only if it fails
 * twice in succession, and so does every failure if `repeat` is true.
 */
export function verdictOf(runs: readonly Run[], repeat: boolean, failureRate: number | null = null): PositionVerdict {
  const clear = runs.filter(({ verdict }) => verdict === 'good' || verdict === 'bad')
  if (clear.length === 0) {
    const none = runs.filter(({ verdict }) => verdict === 'none').length
    return runs.some(({ verdict }) => verdict === 'other') || none >= withoutResultMax ? 'skip' : 'unknown'
  }
  if (failureRate !== null) return verdictOfRate(clear, repeat, passesNeeded(failureRate))
  const series = clear.length - 1 - clear.findLastIndex(({ verdict }) => verdict === 'good')
  if (series === 0) return 'good'
  return series >= failuresNeeded(clear, repeat) ? 'bad' : 'again'
}

/** The failure occurs in a share of the runs: a failure is evidence, and a pass is evidence only together with others. */
function verdictOfRate(clear: readonly Run[], repeat: boolean, passes: number): PositionVerdict {
  const failures = clear.filter(({ verdict }) => verdict === 'bad').length
  if (failures >= (repeat ? 2 : 1)) return 'bad'
  return clear.length - failures >= passes * (1 + failures) ? 'good' : 'again'
}

export const failuresNeeded = (runs: readonly Run[], repeat: boolean): number =>
  repeat || runs.some(({ verdict }) => verdict === 'good') ? 2 : 1

/** The verdicts of the positions 0 to n. */
export function verdictsOf(state: BisectionState, repeat: boolean): PositionVerdict[] {
  const last = state.commits.length
  const own = Array.from({ length: last + 1 }, (): Run[] => [])
  for (const run of state.runs) if (run.cell === 0) own[run.position]?.push(run)
  // The bad commit failed before the bisection started, so its first failure is already a repeated one.
  return own.map((runs, position) => verdictOf(runs, repeat && position !== last, state.failureRate))
}
