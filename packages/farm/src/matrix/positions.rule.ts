/** A built commit of a branch, as it is stored. */
export interface PositionedCommit {
  commit: string
  position: number
  /** False: the farm has not read the branch's history since the push of the commit. */
  settled: boolean
}

/** The first-parent history of a branch, as its repository has it now. */
export interface History {
  /** Newest commit first. */
  commits: readonly string[]
  /** Whether the oldest of them is the first commit of the branch. False: the branch has more commits than were read. */
  complete: boolean
  /** The commits that have builds. */
  built: ReadonlySet<string>
}

export interface Positions {
  /** Of every built commit in the history. */
  positions: Map<string, number>
  /** Commits that the branch does not contain: a force push removed them, or it never contained them. */
  removed: string[]
}

/** Large enough for older commits that are built later and get smaller positions. */
export const firstPosition = 1_000_000

/**
 * The positions of the built commits of a branch. A larger position is newer, and the difference of two positions is the number
 * of commits between them. Only the newest part of a history is read, so the positions are counted from a known commit.
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

/** Its position came from a history, so others can be counted from it. */
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
