import { type CellStatus, isFailure, type MatrixCell } from './matrix-cell.rule.ts'

/** How many cells have each status, and how many have an active attempt. */
export interface MatrixSummary {
  cells: number
  passed: number
  failing: number
  knownFailures: number
  neverRan: number
  prevented: number
  cancelled: number
  /** Active attempts that a host has claimed. */
  running: number
  /** Active attempts that no host has claimed. */
  waiting: number
}

export function summarize(cells: readonly MatrixCell[]): MatrixSummary {
  const count = (status: CellStatus) => cells.filter(cell => cell.status === status).length
  const active = cells.flatMap(cell => cell.active ?? [])
  const running = active.filter(({ state }) => state === 'running' || state === 'leased').length
  return {
    cells: cells.length,
    passed: count('passed'),
    failing: cells.filter(({ status }) => isFailure(status)).length,
    knownFailures: count('known-failure'),
    neverRan: count('never-ran'),
    prevented: count('prevented'),
    cancelled: count('cancelled'),
    running,
    waiting: active.length - running,
  }
}
