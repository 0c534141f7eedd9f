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
  { low, high }: Bounds,
): number | undefined {
  const total = weightBetween(commits, low, high)
  const distance = Math.sqrt(high - low)
  let weight = 0
  const candidates: Candidate[] = []
  const skipped: number[] = []
  for (let position = low + 1; position < high; position++) {
    weight += commits[position - 1]?.weight ?? 0
    if (verdicts[position] === 'skip') skipped.push(position)
    if (verdicts[position] === 'unknown') candidates.push({ position, gain: Math.min(weight, total - weight) })
  }
  const isFar = ({ position }: Candidate) => skipped.every(other => Math.abs(other - position) >= distance)
  const far = candidates.filter(isFar)
  return best(far.length > 0 ? far : candidates)?.position
}

interface Candidate {
  position: number
  /** The weight that the probe excludes in the worse case. */
  gain: number
}

const best = (candidates: readonly Candidate[]): Candidate | undefined =>
  candidates.reduce<Candidate | undefined>((one, other) => (one && one.gain >= other.gain ? one : other), undefined)

function weightBetween(commits: readonly RangeCommit[], low: number, high: number): number {
  let total = 0
  for (let position = low + 1; position <= high; position++) total += commits[position - 1]?.weight ?? 0
  return total
}
