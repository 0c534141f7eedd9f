/** A built commit of a branch, as it is stored. */
export interface PlacedCommit {
  commit: string
  position: number
  /** False: its push was received, and the branch's line has not been read since. */
  settled: boolean
}

/** A branch's first-parent line as its repository has it now, newest commit first. */
export interface Line {
  commits: readonly string[]
  /** Whether the oldest of them is the first commit of the branch: false when more commits are there than were read. */
  complete: boolean
  /** Those of them that have builds. */
  built: ReadonlySet<string>
}

export interface Placing {
  /** Of every built commit of the line. */
  positions: Map<string, number>
  /** Commits that the branch does not hold any more: a force push took them away, or it never held them. */
  removed: string[]
}

/** Positions have room below for older commits that are built later. */
export const firstPosition = 1_000_000

/**
 * Where the built commits of a branch stand: larger is newer, and the distance of two commits is the number of steps from
 * one to the other. A line is read to a limited depth, so its positions are counted from a commit that is known already.
 */
export function placeCommits(known: readonly PlacedCommit[], { commits, complete, built }: Line): Placing {
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

/** Its position is one that a line gave, so others can be counted from it. */
function oldestSettled(known: readonly PlacedCommit[], index: ReadonlyMap<string, number>): PlacedCommit | undefined {
  return known
    .filter(({ commit, settled }) => settled && index.has(commit))
    .reduce<PlacedCommit | undefined>((one, other) => (one && one.position <= other.position ? one : other), undefined)
}
