import { expect, test } from 'vitest'
import { type CellResult, rateJump } from './rate.rule.ts'
import { passesNeeded } from './state.rule.ts'

/** The results of the positions 1, 2, …: P passed, F failed. */
const results = (text: string): CellResult[] =>
  [...text].map((letter, index) => ({ position: index + 1, commit: `c${index + 1}`, failed: letter === 'F' }))

test.each([
  [null, 1],
  [0.9, 2],
  [0.5, 5],
  [0.3, 9],
  [0.1, 29],
])('if a failure occurs in the share %s of the runs, %i passes make a commit good', (rate, passes) => {
  expect(passesNeeded(rate)).toBe(passes)
})

test.each<[string, string, { good: string; bad: string } | undefined]>([
  ['half of the runs fail: five passes before', 'PPPPPPPPFPFP', { good: 'c4', bad: 'c9' }],
  ['most runs fail: three passes before', 'PPPPPPPPFFPFF', { good: 'c6', bad: 'c9' }],
  ['too few passes before', 'PPPFPFP', undefined],
  ['one failure', 'PPPPPPPPFPPP', undefined],
  ['all runs fail: an ordinary regression', 'PPPPPPPPFFF', undefined],
  ['no failure', 'PPPP', undefined],
])('%s: %s', (_, text, range) => {
  const jump = rateJump(results(text))
  expect(jump && { good: jump.good.commit, bad: jump.bad.commit }).toEqual(range)
})
