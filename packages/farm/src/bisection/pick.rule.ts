import type { PositionVerdict, RangeCommit } from './state.rule.ts'

/** The newest good position and the oldest bad position after it. The first bad commit is after `low`, up to `high`. */
export interface Bounds {
  low: number
  high: number
}

/**
 * The position to test next: the one that divides the weights most evenly (git's min(weight, total − weight)). After a
 * skipped commit, it is at least √n commits away from each skipped commit, if there is such a position. Undefined if
 * no commit between the bounds can be tested.
 */
export function pickPosition(
  commits: readonly RangeCommit[],
  verdicts: readonly PositionVerdict[],
  bounds: Bounds,
): number | undefined {
  const total = weightBetween(commits, bounds)
  const gain = ({ weight }: Candidate) => Math.min(weight, total - weight)
  return best(candidatesOf(commits, verdicts, bounds), gain)?.position
}

/**
 * The positions that `count` equal hosts test at the same time: they divide the weights into `count` + 1 parts. Fewer
 * if the range is short. The first one is for the host of the cell.
 */
export function pickPositions(
  commits: readonly RangeCommit[],
  verdicts: readonly PositionVerdict[],
  bounds: Bounds,
  count: number,
): number[] {
  const first = pickPosition(commits, verdicts, bounds)
  if (first === undefined || count <= 1) return first === undefined ? [] : [first]
  const total = weightBetween(commits, bounds)
  let left = candidatesOf(commits, verdicts, bounds)
  const picked: number[] = []
  for (let part = 1; part <= count; part++) {
    const chosen = best(left, ({ weight }) => -Math.abs(weight - (total * part) / (count + 1)))
    if (!chosen) break
    picked.push(chosen.position)
    left = left.filter(candidate => candidate !== chosen)
  }
  return picked
}

interface Candidate {
  position: number
  /** The weight of the commits after `low` up to this one. */
  weight: number
}

/** The positions that can be tested. */
function candidatesOf(
  commits: readonly RangeCommit[],
  verdicts: readonly PositionVerdict[],
  { low, high }: Bounds,
): Candidate[] {
  const distance = Math.sqrt(high - low)
  let weight = 0
  const candidates: Candidate[] = []
  const skipped: number[] = []
  for (let position = low + 1; position < high; position++) {
    weight += commits[position - 1]?.weight ?? 0
    if (verdicts[position] === 'skip') skipped.push(position)
    if (verdicts[position] === 'unknown') candidates.push({ position, weight })
  }
  const far = candidates.filter(({ position }) => skipped.every(other => Math.abs(other - position) >= distance))
  return far.length > 0 ? far : candidates
}

const best = (candidates: readonly Candidate[], value: (candidate: Candidate) => number): Candidate | undefined =>
  candidates.reduce<Candidate | undefined>((one, other) => (one && value(one) >= value(other) ? one : other), undefined)

function weightBetween(commits: readonly RangeCommit[], { low, high }: Bounds): number {
  let total = 0
  for (let position = low + 1; position <= high; position++) total += commits[position - 1]?.weight ?? 0
  return total
}
