import type { Verdict } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { flakinessOf } from './flakiness.rule.ts'

/** One letter for each result, oldest first: P passed, F failed. A letter after a hyphen is of the commit before. */
function resultsOf(text: string) {
  let commit = 0
  return [...text.matchAll(/(-?)([PF])/g)].map(([, same, letter]) => {
    if (same === '') commit++
    return { commit: `commit ${commit}`, verdict: (letter === 'P' ? 'passed' : 'failed') as Verdict }
  })
}

/** The failing commits at the end, as deriveCell counts them. */
const failingCommits = (text: string) => /F*$/.exec(text)?.[0].length ?? 0

describe('a cell is flaky if its results change often or if one commit passed and failed', () => {
  test.each([
    ['there are no results', '', false],
    ['every commit passed', 'PPPPPPPPPPPP', false],
    ['every commit failed', 'FFFFFFFFFFFF', false],
    ['the results changed once', 'PPPPPPPFFFFF', false],
    ['4 of 10 results changed', 'PFPPPFPPPP', true],
    ['the results changed often, but there are only 9 results', 'PFPFPFPFP', false],
    ['2 of 10 results changed', 'PPPFPPPPPP', false],
    ['the results changed often, and then four failed in a row', 'PFPFPFPFPFFFF', false],
    ['the results changed often, and then three failed in a row', 'PFPFPFPFPFFF', true],
    ['one commit failed and then passed', 'PPPF-P', true],
    ['one commit failed and then passed, and the next commit failed', 'PPPF-PF', true],
    ['one commit failed and then passed, and the next two commits failed', 'PPPF-PFF', false],
    ['one of two results failed, and then 9 commits passed', 'F-PPPPPPPPPP', true],
    ['one of many results failed, and then 19 commits passed', `F-P${'P'.repeat(19)}`, false],
  ])('if %s (%s), flaky is %s', (_, text, flaky) =>
    expect(flakinessOf(resultsOf(text), failingCommits(text)).flaky).toBe(flaky),
  )

  test('the counts are of the newest 20 results', () => {
    expect(flakinessOf(resultsOf('PFPFPF'.repeat(3) + 'P'.repeat(16)), 0)).toMatchObject({ results: 20, changes: 4 })
  })
})
