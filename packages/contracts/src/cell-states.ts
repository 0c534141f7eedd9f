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

/**
 * How a box of the matrix looks. The worst look is first: a box of several cells has the look of its worst cell.
 *
 * - `new`: fails since less than 24 hours, and passed before.
 * - `unconfirmed`: the same, but only one attempt has failed. The farm runs it again.
 * - `failing`: fails or changed its failure in the last three months.
 * - `old`: fails in the same way for more than three months.
 * - `lost`: the newest attempt was lost or broken, so it says nothing about the commit.
 * - `flaky`: passes and fails without a change of the source.
 * - `tests-missing`: passes, but without any test, although earlier jobs of the cell had tests.
 * - `known`: fails, and farm.yaml or an acknowledgement says so.
 * - `fixed`: passes since less than 24 hours, and failed before.
 */
export const looks = [
  'new',
  'unconfirmed',
  'failing',
  'old',
  'lost',
  'never-ran',
  'flaky',
  'tests-missing',
  'running',
  'queued',
  'cancelled',
  'known',
  'prevented',
  'fixed',
  'passed',
] as const

export type Look = (typeof looks)[number]
