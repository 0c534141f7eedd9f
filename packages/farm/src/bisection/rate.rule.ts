import { passesNeeded } from './state.rule.ts'

/** A result of the cell on a commit of the branch. */
export interface CellResult {
  /** Position in the history of the branch. */
  position: number
  commit: string
  /** Whether it failed with the failure that is searched. */
  failed: boolean
}

export interface RateJump {
  /** The share of runs in which the failure occurs since it occurred first. */
  rate: number
  good: { position: number; commit: string }
  bad: { position: number; commit: string }
}

/** One failure can be bad luck. Two failures are the least that give a rate. */
const failuresMin = 2

/**
 * The range in which a failure began that occurs only in a share of the runs. `bad` is the oldest commit that failed. Before
 * it, other commits may have been bad and passed. So `good` is so old that the passes after it would be unlikely on bad
 * commits. Undefined if there are too few failures, or too few passes before them.
 */
export function rateJump(results: readonly CellResult[]): RateJump | undefined {
  const oldestFirst = [...results].sort((one, other) => one.position - other.position)
  const bad = oldestFirst.find(({ failed }) => failed)
  if (!bad) return undefined
  const since = oldestFirst.filter(({ position }) => position >= bad.position)
  const failures = since.filter(({ failed }) => failed).length
  if (failures < failuresMin || failures === since.length) return undefined
  const rate = (failures + 0.5) / (since.length + 1)
  const before = oldestFirst.filter(({ position }) => position < bad.position).reverse()
  const good = before[passesNeeded(rate) - 1]
  return good && { rate, good, bad }
}
