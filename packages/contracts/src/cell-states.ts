/**
 * The states of a cell, as packages/farm/src/matrix/cell.rule.ts decides them.
 * `unknown`: the cell has no result. `failing`: the newest commit failed, and no earlier commit passed.
 * `newly-failing`: the newest commit failed after a pass, and each confirming attempt failed in the same way.
 * `failing-differently`: the commits before failed in another way. `fixed`: the newest commit passed after a failure.
 * `flaky`: attempts of the newest commit have different results, or the newest commit of a flaky cell failed.
 */
export const cellStates = [
  'unknown',
  'failing',
  'passing',
  'newly-failing-unconfirmed',
  'newly-failing',
  'still-failing',
  'failing-differently',
  'fixed',
  'flaky',
] as const

export type CellState = (typeof cellStates)[number]
