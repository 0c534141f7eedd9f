import { expect, test } from 'vitest'
import { nextPiece } from './piece.rule.ts'

test.each([
  { cells: 1, tookMs: 0, next: 2, because: 'a piece has at most twice the cells of the piece before' },
  { cells: 16, tookMs: 20, next: 32, because: 'a piece has at most twice the cells of the piece before' },
  { cells: 32, tookMs: 40, next: 50, because: 'a piece has at most 50 cells' },
  { cells: 50, tookMs: 6000, next: 1, because: 'cells of 120 ms come one by one' },
  { cells: 16, tookMs: 1920, next: 1, because: 'cells of 120 ms come one by one' },
  { cells: 10, tookMs: 160, next: 12, because: 'a piece takes 200 ms' },
  { cells: 1, tookMs: 10_000, next: 1, because: 'a piece has at least one cell' },
])('after $cells cells in $tookMs ms, a piece has $next cells: $because', ({ cells, tookMs, next }) =>
  expect(nextPiece(cells, tookMs)).toBe(next),
)
