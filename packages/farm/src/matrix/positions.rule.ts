/** A stored position of a built commit. */
export interface PositionedCommit {
  commit: string
  position: number
  /** False if the farm has not read the branch's history since the push of the commit. */
  settled: boolean
}

/** The present first-parent history of a branch in its repository. */
export interface History {
  /** Newest commit first. */
  commits: readonly string[]
  /**
   * Whether `commits` reaches the first commit of the branch. If not, the branch has more commits than the farm read.
   */
  complete: boolean
  /** The commits that have builds. */
  built: ReadonlySet<string>
}

export interface Positions {
  /** The position of every built commit in the history. */
  positions: Map<string, number>
  /** Commits that the branch does not contain: a force push removed them, or the branch never contained them. */
  removed: string[]
}

/** Large, so that older commits can get smaller positions if they are built later. */
export const firstPosition = 1_000_000

/**
 * The positions of the built commits of a branch. A larger position is newer. The difference of two positions is the
 * distance of their commits in the history. The farm reads only the newest part of a history, so it counts from a
 * commit whose position it knows.
 */
export function assignPositions(known: readonly PositionedCommit[], { commits, complete, built }: History): Positions {
  const index = new Map(commits.map((commit, steps) => [commit, steps]))
  const anchor = oldestSettled(known, index)
  const tip = anchor
    ? anchor.position + (index.get(anchor.commit) ?? 0)
    : complete
      ? firstPosition + commits.length - 1
      : Math.max(...known.map(({ position }) => position), known.length > 0 ? 0 : firstPosition) + commits.length
  const positions = new Map(
    commits.flatMap((commit, steps) => (built.has(commit) ? [[commit, tip - steps] as const] : [])),
  )
  const removed = known
    .filter(({ commit }) => !index.has(commit))
    .filter(({ settled, position }) => {
      if (complete) return settled || positions.size > 0
      return anchor !== undefined && (!settled || position > anchor.position)
    })
    .map(({ commit }) => commit)
  return { positions, removed }
}

/** The position of a settled commit came from a history, so the other positions can be counted from it. */
function oldestSettled(
  known: readonly PositionedCommit[],
  index: ReadonlyMap<string, number>,
): PositionedCommit | undefined {
  return known
    .filter(({ commit, settled }) => settled && index.has(commit))
    .reduce<PositionedCommit | undefined>(
      (one, other) => (one && one.position <= other.position ? one : other),
      undefined,
    )
}
