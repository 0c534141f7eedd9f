import type { Verdict } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { type CellAttempt, completeStanding, deriveCell } from './cell.rule.ts'

/**
 * Attempts in the order in which they end. `3 failed tests` is an attempt of the third commit of the branch. It failed
 * at the step `tests`.
 */
const attemptsOf = (...texts: string[]): CellAttempt[] =>
  texts.map((text, index) => {
    const [position = '', verdict = '', failedStep = null] = text.split(' ')
    return {
      position: Number(position),
      commit: `commit ${position}`,
      buildId: Number(position),
      jobId: index + 1,
      number: 1,
      recipe: 'recipe',
      verdict: verdict as Verdict,
      failedStep,
      fingerprint: null,
      milliseconds: 1000 * (index + 1),
      finishedAt: new Date(Date.parse('2024-05-06T07:08:09Z') + index * 60_000),
    }
  })

const standingOf = (...texts: string[]) => {
  const { state, newest, since, changedAt, lastGood, withoutResult } = deriveCell(attemptsOf(...texts))
  const at = (attempt: CellAttempt | null) => attempt?.position ?? null
  return {
    state,
    newest: at(newest),
    since: at(since),
    changedAt: at(changedAt),
    lastGood: at(lastGood),
    without: withoutResult.map(({ verdict }) => verdict).join(' '),
  }
}

describe('the state of a cell follows from the results on its branch', () => {
  test.each([
    ['there is no attempt', 'unknown', [], null, null, null, null],
    ['the first result is a pass', 'passing', ['1 passed'], 1, 1, null, 1],
    ['a pass follows a pass', 'passing', ['1 passed', '2 passed'], 2, 1, null, 2],
    ['the first result is a failure', 'failing', ['1 failed build'], 1, 1, null, null],
    ['two commits failed and none passed', 'failing', ['1 failed build', '2 failed build'], 2, 1, null, null],
    [
      'one attempt of a commit failed after a pass of an older commit',
      'newly-failing-unconfirmed',
      ['1 passed', '2 failed build'],
      2,
      2,
      null,
      1,
    ],
    [
      'two attempts of a commit failed in the same way after a pass of an older commit',
      'newly-failing',
      ['1 passed', '2 failed build', '2 failed build'],
      2,
      2,
      null,
      1,
    ],
    [
      'two attempts of a commit failed at different steps after a pass of an older commit',
      'newly-failing-unconfirmed',
      ['1 passed', '2 failed build', '2 failed tests'],
      2,
      2,
      null,
      1,
    ],
    ['a failure follows a failure', 'still-failing', ['1 passed', '2 failed build', '3 failed build'], 3, 2, null, 1],
    [
      'a failure follows a failure at another step',
      'failing-differently',
      ['1 passed', '2 failed tests', '3 failed build'],
      3,
      2,
      3,
      1,
    ],
    [
      'two failures at one step follow a failure at another step',
      'still-failing',
      ['1 passed', '2 failed tests', '3 failed build', '4 failed build'],
      4,
      2,
      3,
      1,
    ],
    [
      'a timeout follows a failure at the same step',
      'failing-differently',
      ['1 passed', '2 failed tests', '3 timed-out tests'],
      3,
      2,
      3,
      1,
    ],
    ['a pass follows a failure', 'fixed', ['1 passed', '2 failed build', '3 passed'], 3, 3, null, 3],
    ['two passes follow a failure', 'passing', ['2 failed build', '3 passed', '4 passed'], 4, 3, null, 4],
    ['a commit failed and then passed', 'flaky', ['1 passed', '2 failed build', '2 passed'], 2, 2, null, 1],
    [
      'a flaky commit is between two failures',
      'still-failing',
      ['1 passed', '2 failed build', '3 failed build', '3 passed', '4 failed build'],
      4,
      2,
      null,
      1,
    ],
  ] as const)('if %s, the state is %s', (_, state, texts, newest, since, changedAt, lastGood) => {
    expect(standingOf(...texts)).toMatchObject({ state, newest, since, changedAt, lastGood })
  })
})

describe('fingerprints tell failures of one step apart', () => {
  const withFingerprints = (...texts: string[]) =>
    attemptsOf(...texts.map(text => text.replace(/ [A-Z]$/, ''))).map((attempt, index) => ({
      ...attempt,
      fingerprint: / ([A-Z])$/.exec(texts[index] ?? '')?.[1] ?? null,
    }))

  test.each([
    [
      'a second attempt fails with the same error',
      'newly-failing',
      ['1 passed', '2 failed build A', '2 failed build A'],
    ],
    [
      'a second attempt fails with another error',
      'newly-failing-unconfirmed',
      ['1 passed', '2 failed build A', '2 failed build B'],
    ],
    [
      'the next commit fails with the same error',
      'still-failing',
      ['1 passed', '2 failed build A', '3 failed build A'],
    ],
    [
      'the next commit fails with another error at the same step',
      'failing-differently',
      ['1 passed', '2 failed build A', '3 failed build B'],
    ],
    ['the farm has not examined the new failure', 'still-failing', ['1 passed', '2 failed build A', '3 failed build']],
  ])('if %s, the state is %s', (_, state, texts) => expect(deriveCell(withFingerprints(...texts)).state).toBe(state))
})

test.each([
  [0, 1, 'newly-failing'],
  [1, 1, 'newly-failing-unconfirmed'],
  [1, 2, 'newly-failing'],
  [2, 2, 'newly-failing-unconfirmed'],
  [3, 4, 'newly-failing'],
])('with confirm %i, %i equal failures of a commit after a pass have the state %s', (confirm, failures, state) => {
  const attempts = attemptsOf('1 passed', ...Array.from({ length: failures }, () => '2 failed build'))
  expect(deriveCell(attempts, confirm).state).toBe(state)
})

test('the newest commit of a flaky cell makes the cell flaky, and not newly failing', () => {
  const { state, flakiness } = deriveCell(attemptsOf(...'PFPPPFPPPF'.split('').map(resultOf)))
  expect([state, flakiness]).toEqual(['flaky', { flaky: true, results: 10, changes: 5 }])
})

const resultOf = (letter: string, index: number) => `${index + 1} ${letter === 'P' ? 'passed' : 'failed build'}`

test('the expected duration is the median of the ten newest passes', () => {
  const passes = Array.from({ length: 15 }, (_, index) => `${index + 1} passed`)
  expect(deriveCell(attemptsOf(...passes, '16 failed build')).expectedMilliseconds).toBe(11_000)
  expect(deriveCell(attemptsOf('1 failed build')).expectedMilliseconds).toBeNull()
})

describe('results count in the order of the commits on the branch, and not in the order of their arrival', () => {
  test.each([
    ['an older commit fails after a newer commit passed', 'fixed', ['2 passed', '1 failed build'], 2, 2, 2],
    [
      'an older commit passes late, within a series of failures',
      'newly-failing-unconfirmed',
      ['1 passed', '2 failed build', '4 failed build', '3 passed'],
      4,
      4,
      3,
    ],
    [
      'an older commit fails late, between the last good commit and the first failure',
      'still-failing',
      ['1 passed', '3 failed build', '2 failed build'],
      3,
      2,
      1,
    ],
    [
      'an older commit fails late, before the last good commit',
      'passing',
      ['2 passed', '3 passed', '1 failed build'],
      3,
      2,
      3,
    ],
    [
      'an older commit passes late, before the failure',
      'newly-failing-unconfirmed',
      ['2 failed build', '1 passed'],
      2,
      2,
      1,
    ],
  ] as const)('if %s, the state is %s', (_, state, texts, newest, since, lastGood) => {
    expect(standingOf(...texts)).toMatchObject({ state, newest, since, lastGood })
  })

  test('if a branch is reset to an older commit, its cell has the state of that commit', () => {
    const [good, bad] = attemptsOf('1 passed', '2 failed build')
    expect(deriveCell([good, bad] as CellAttempt[]).newest?.commit).toBe('commit 2')
    expect(deriveCell([good] as CellAttempt[])).toMatchObject({ state: 'passing', newest: { commit: 'commit 1' } })
  })
})

describe('a cancelled, lost or broken attempt is not a result', () => {
  test.each(['cancelled', 'lost', 'broken'])(
    'if an attempt of a newer commit is %s, the state does not change, and the cell lists the attempt',
    verdict => {
      const before = standingOf('1 passed', '2 failed build')
      expect(standingOf('1 passed', '2 failed build', `3 ${verdict}`)).toEqual({ ...before, without: verdict })
    },
  )

  test('a cell ignores an attempt without a result if a newer commit has a result', () => {
    const skipped = standingOf('1 passed', '2 failed build', '3 cancelled', '4 failed build')
    expect(skipped).toMatchObject({ state: 'still-failing', since: 2, lastGood: 1, without: '' })
  })

  test('a cell with only lost attempts is unknown, and shows their number', () => {
    expect(standingOf('1 lost', '1 lost', '1 lost')).toMatchObject({ state: 'unknown', without: 'lost lost lost' })
  })

  test('a result of an older commit counts when the attempt of a newer commit was cancelled', () => {
    expect(standingOf('2 cancelled', '1 failed build')).toMatchObject({
      state: 'failing',
      newest: 1,
      without: 'cancelled',
    })
  })
})

test('if a failing commit is built again, the series of failures still starts at its first attempt', () => {
  const { since, changedAt } = deriveCell(
    attemptsOf('1 failed tests', '2 failed build', '2 failed build', '1 failed tests'),
  )
  expect([since?.jobId, changedAt?.jobId]).toEqual([1, 2])
})

test('a corrected recipe replaces the result of the previous recipe on the same commit', () => {
  const [failed, passed] = attemptsOf('1 failed build', '1 passed') as [CellAttempt, CellAttempt]
  const fixed = { ...passed, buildId: 2, recipe: 'fixed recipe' }
  expect(deriveCell([failed, fixed])).toMatchObject({ state: 'passing', newest: { buildId: 2 } })
  expect(deriveCell([failed, { ...passed, buildId: 2 }])).toMatchObject({ state: 'flaky' })
})

describe('the stored cell has the milestones that are older than the newest results', () => {
  const at = (position: number) => ({ commit: `commit ${position}` })
  const stored = {
    verdict: 'failed' as Verdict,
    failedStep: 'build',
    fingerprint: null,
    since: at(2),
    changed: at(2),
    lastGood: at(1),
  }
  const milestones = (texts: string[], cell: typeof stored | null) => {
    const window = attemptsOf(...texts)
    const { since, changed, lastGood } = completeStanding(deriveCell(window), window, cell)
    return [since, changed, lastGood].map(milestone => milestone?.commit.replace('commit ', '') ?? '-').join(' ')
  }

  test.each([
    ['a series continues', ['8 failed build', '9 failed build'], stored, '2 2 1'],
    ['a series continues and fails in a new way', ['8 failed build', '9 failed tests'], stored, '2 9 1'],
    ['a series starts within the newest results', ['7 passed', '8 failed build', '9 failed build'], stored, '8 8 7'],
    ['passes follow stored failures', ['8 passed', '9 passed'], stored, '8 8 9'],
    ['the cell is not stored yet', ['8 failed build', '9 failed build'], null, '8 8 -'],
    ['all milestones are within the newest results', ['1 passed', '2 failed build', '3 failed build'], stored, '2 2 1'],
  ])('the milestones are right if %s', (_, texts, cell, expected) => expect(milestones(texts, cell)).toBe(expected))
})
