import type { CellState, Verdict } from '@rumpfarm/contracts'

/** The newest result of a cell. */
export interface CellResult {
  state: CellState
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  /** Whether the farm must still examine the log of the failure. */
  pending: boolean
}

export type Move =
  | { kind: 'stay' }
  /** The cell leaves its problem. */
  | { kind: 'leave'; why: 'passed' }
  /** The cell leaves its problem, if it has one, and joins the problem with this key. */
  | { kind: 'join'; key: string }

/**
 * The key of a failure. Cells with the same key belong to the same problem. The migration that made the table has the
 * same expression in SQL.
 */
export const problemKey = ({ verdict, failedStep, fingerprint }: Omit<CellResult, 'state' | 'pending'>): string =>
  fingerprint ?? [verdict, failedStep].filter(part => part !== null).join(' ')

const failingStates: readonly CellState[] = ['newly-failing', 'still-failing', 'failing-differently']

/**
 * How a result changes the problem of its cell; `open` is the key of this problem. A new failure counts only after it is
 * confirmed. A failure counts only after its examination, because the fingerprint decides to which problem it belongs. A
 * cell that never passed, or that is flaky, joins no problem.
 */
export function moveOf(cell: CellResult, open: string | null): Move {
  if (cell.verdict === 'passed') return open === null ? { kind: 'stay' } : { kind: 'leave', why: 'passed' }
  if (cell.verdict !== 'failed' && cell.verdict !== 'timed-out') return { kind: 'stay' }
  if (cell.pending || !failingStates.includes(cell.state)) return { kind: 'stay' }
  const key = problemKey(cell)
  return key === open ? { kind: 'stay' } : { kind: 'join', key }
}

/** Whether `moveOf` can return a move for the cell, so most results of passing cells need no query. */
export const canMove = (cell: Pick<CellResult, 'state'>, hasProblem: boolean): boolean =>
  hasProblem || failingStates.includes(cell.state)
