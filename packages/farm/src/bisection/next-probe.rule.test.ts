import { describe, expect, test } from 'vitest'
import { nextStep, uselessRuns } from './next-probe.rule.ts'
import { chanceOf, isTooNoisy, policyOf, priceOf, runsMaxOf } from './policy.rule.ts'
import type { BisectionState, ProbePurpose, ProbeVerdict, Run } from './state.rule.ts'
import { describeOutcome, describePrice } from './words.rule.ts'

const hours = 3_600_000

interface Changes extends Partial<Omit<BisectionState, 'commits'>> {
  weights?: number[]
  doubt?: BisectionState['commits'][number]['doubt']
}

const range = (count: number, { weights = [], doubt = null, ...changes }: Changes = {}): BisectionState => ({
  commits: Array.from({ length: count }, (_, index) => ({
    position: index + 1,
    commit: `${String(index + 1).padStart(2, '0')}${'f'.repeat(38)}`,
    author: 'A. Author',
    weight: weights[index] ?? 1,
    doubt,
  })),
  runs: [],
  awaited: [],
  noise: { runs: 100, failed: 0 },
  failureRate: null,
  idleHosts: [],
  otherCells: 0,
  budgetMs: 100 * hours,
  runsMax: 40,
  expectedMs: 1000,
  pauseMs: 3600_000,
  insideMerge: false,
  stop: null,
  ...changes,
})

const own = (position: number, verdict: ProbeVerdict | null, purpose: ProbePurpose | null = 'search'): Run => ({
  position,
  cell: 0,
  purpose,
  verdict,
  costMs: purpose === null ? 0 : 1000,
  endedAt: new Date(1000),
  hostId: null,
})
const ends = (last: number) => [own(0, 'good', 'good-end'), own(last, 'bad', 'bad-end')]

const wordsOf = (state: BisectionState) => {
  const step = nextStep(state)
  return step.kind === 'finished'
    ? describeOutcome(step.outcome, state, { good: '9be4d0aaaaaa', hostChanges: ['gcc 7.5 → 10.4'] })
    : step
}

describe('the ends', () => {
  test('the last good commit runs first, then the bad commit', () => {
    expect(nextStep(range(16))).toMatchObject({ kind: 'probe', position: 0, purpose: 'good-end' })
    const state = range(16, { runs: [own(0, 'good', 'good-end')] })
    expect(nextStep(state)).toMatchObject({ kind: 'probe', position: 16, purpose: 'bad-end' })
  })

  test('an open probe is awaited', () => {
    expect(nextStep(range(16, { runs: [own(0, null, 'good-end')] }))).toEqual({ kind: 'wait' })
  })

  test('if the last good commit fails now, the host changed', () => {
    const words = 'The last good commit 9be4d0aaaa now fails on this host. Host change since then: gcc 7.5 → 10.4.'
    expect(wordsOf(range(16, { runs: [own(0, 'bad', 'good-end')] }))).toBe(words)
    expect(wordsOf(range(16, { runs: [own(0, 'other', 'good-end')] }))).toBe(words)
  })

  test('if the failure occurs on good commits, a failing good end runs again', () => {
    const state = range(16, { noise: { runs: 20, failed: 2 }, runs: [own(0, 'bad', 'good-end')] })
    expect(nextStep(state)).toMatchObject({ kind: 'probe', position: 0, purpose: 'good-end' })
  })

  test('if the bad commit passes now, it is flaky', () => {
    const runs = [own(0, 'good', 'good-end'), own(16, 'good', 'bad-end')]
    expect(wordsOf(range(16, { runs }))).toBe('No first bad commit: commit 16ffffffff both passed and failed.')
  })

  test('a lost attempt runs again, once', () => {
    const lost = own(0, 'none', 'good-end')
    expect(nextStep(range(16, { runs: [lost] }))).toMatchObject({ kind: 'probe', position: 0 })
    expect(wordsOf(range(16, { runs: [lost, lost] }))).toBe(
      'No first bad commit: the runs of commit 9be4d0aaaa have no result.',
    )
  })
})

describe('the search', () => {
  test.each<[string, Changes, number]>([
    ['the middle first', {}, 8],
    ['to the left of a bad commit', { runs: [...ends(16), own(8, 'bad')] }, 4],
    ['to the right of a good commit', { runs: [...ends(16), own(8, 'good')] }, 12],
    ['the parent of a heavy commit', { weights: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 12] }, 11],
    ['results of pushes count', { runs: [...ends(16), own(4, 'good', null), own(12, 'bad', null)] }, 8],
    ['a skipped commit is passed by at least √16 commits', { runs: [...ends(16), own(8, 'other')] }, 4],
    ['a lost probe runs again', { runs: [...ends(16), own(8, 'none')] }, 8],
    ['a result that arrives late moves the range', { runs: [...ends(16), own(8, 'bad'), own(10, 'good', null)] }, 13],
  ])('%s', (_, changes, position) => {
    expect(nextStep(range(16, { runs: ends(16), ...changes }))).toMatchObject({ kind: 'probe', position })
  })

  test('a job of a push in the range is awaited', () => {
    expect(nextStep(range(16, { runs: ends(16), awaited: [3] }))).toEqual({ kind: 'wait' })
    expect(nextStep(range(16, { runs: [...ends(16), own(8, 'good')], awaited: [3] }))).toMatchObject({ position: 12 })
  })

  test('three neighbours that cannot be built end the search', () => {
    const skips = [own(8, 'other'), own(4, 'other'), own(12, 'other')]
    expect(wordsOf(range(16, { runs: [...ends(16), ...skips] }))).toBe(
      'The failure started in one of these 16 commits. 3 commits could not be built.',
    )
  })

  test('if no commit between good and bad can be built, the answer is a range', () => {
    const runs = [...ends(3), own(1, 'other'), own(2, 'other')]
    expect(wordsOf(range(3, { runs }))).toBe(
      'The failure started in one of these 3 commits. 2 commits could not be built.',
    )
  })

  test('three commits that need hours for each probe are the answer', () => {
    expect(wordsOf(range(3, { runs: ends(3), expectedMs: 3 * hours }))).toBe(
      'The failure started in one of these 3 commits. One more probe takes about 3 h.',
    )
  })
})

describe('several equal hosts', () => {
  test.each<[string, Changes, number, { position: number; hostId: number }[]]>([
    ['one idle host: thirds', { idleHosts: [7] }, 5, [{ position: 11, hostId: 7 }]],
    [
      'three idle hosts: fifths',
      { idleHosts: [7, 8, 9] },
      3,
      [
        { position: 6, hostId: 7 },
        { position: 10, hostId: 8 },
        { position: 13, hostId: 9 },
      ],
    ],
    ['at most three of them', { idleHosts: [5, 6, 7, 8, 9] }, 3, expect.objectContaining({ length: 3 })],
    ['a short range', { idleHosts: [7, 8], runs: [...ends(16), own(14, 'good')] }, 15, []],
    ['the last run of the budget', { idleHosts: [7, 8], runsMax: 3 }, 8, []],
    [
      'a failure of a share of the runs',
      { idleHosts: [7], failureRate: 0.9, runs: [...ends(16), own(0, 'good')] },
      8,
      [],
    ],
  ])('%s', (_, changes, position, also) => {
    const step = nextStep(range(16, { runs: ends(16), ...changes }))
    expect(step).toMatchObject({ kind: 'probe', purpose: 'search', position, hostId: null, also })
  })

  test('a result ends the probes of excluded commits, and the search waits for the others', () => {
    const open = [own(5, 'bad'), own(11, null), own(13, null, 'other-cell')]
    const state = range(16, { runs: [...ends(16), ...open.slice(0, 2)], idleHosts: [7] })
    expect(uselessRuns(state)).toEqual([own(11, null)])
    expect(nextStep(state)).toMatchObject({ kind: 'probe', position: 2, also: [{ position: 3, hostId: 7 }] })
    const between = range(16, { runs: [...ends(16), own(5, 'good'), own(11, null)], idleHosts: [7] })
    expect(uselessRuns(between)).toEqual([])
    expect(nextStep(between)).toEqual({ kind: 'wait' })
  })

  test('the last pair of confirming runs runs on an equal host, without a pause', () => {
    const noise = { runs: 30, failed: 0.5 }
    const found = [...ends(2), own(1, 'good'), own(2, 'bad', 'confirm'), own(1, 'good', 'confirm')]
    const state = range(2, { noise, runs: found, idleHosts: [7] })
    expect(nextStep(state)).toMatchObject({ position: 2, hostId: 7, notBefore: null })
    const elsewhere = { ...own(2, 'bad', 'confirm'), hostId: 7 }
    const half = { ...state, runs: [...found, elsewhere] }
    expect(nextStep(half)).toMatchObject({ position: 1, hostId: 7, notBefore: null })
    const busy = { ...half, idleHosts: [8] }
    expect(nextStep(busy)).toMatchObject({ position: 1, hostId: null, notBefore: new Date(3601_000) })
  })
})

describe('a failure in half of the runs', () => {
  const times = (count: number, run: Run) => Array.from({ length: count }, () => run)
  const good = (position: number, count = 5) => times(count, own(position, 'good'))
  const half = (changes: Changes) => range(4, { failureRate: 0.5, ...changes })
  const started = [...good(0), own(4, 'good'), own(4, 'bad')]

  test.each<[string, Run[], number, ProbePurpose]>([
    ['the last good commit needs five passes', good(0, 4), 0, 'good-end'],
    ['the bad commit runs until it fails', [...good(0), own(4, 'good')], 4, 'bad-end'],
    ['then the search', started, 2, 'search'],
    ['four passes are too few', [...started, ...good(2, 4)], 2, 'repeat'],
    ['five passes are enough', [...started, ...good(2)], 3, 'search'],
    ['one failure is enough', [...started, own(2, 'good'), own(2, 'bad')], 1, 'search'],
    ['the culprit fails again', [...started, ...good(2), ...good(3)], 4, 'confirm'],
    ['its parent passes again', [...started, ...good(2), ...good(3), own(4, 'bad', 'confirm')], 3, 'confirm'],
  ])('%s', (_, runs, position, purpose) => {
    expect(nextStep(half({ runs }))).toMatchObject({ kind: 'probe', position, purpose })
  })

  test('the answers', () => {
    const runs = [...started, ...good(2), ...good(3, 10), own(4, 'bad', 'confirm')]
    expect(wordsOf(half({ runs }))).toBe(
      'First bad commit: 04ffffffff (A. Author). It failed 2 of 3 times; its parent passed 10 of 10 times.',
    )
    expect(wordsOf(half({ runs: [...good(0), ...good(4)] }))).toBe(
      'No first bad commit: commit 04ffffffff passed 5 times.',
    )
    expect(wordsOf(half({ runs: [own(0, 'bad')] }))).toBe(
      'No first bad commit: commit 9be4d0aaaa also fails sometimes.',
    )
  })

  test('if good commits fail too, a failure counts twice, and a pass counts half', () => {
    const noise = { runs: 20, failed: 2 }
    const runs = [...started, own(4, 'bad'), own(2, 'bad')]
    expect(nextStep(half({ noise, runs }))).toMatchObject({ position: 2, purpose: 'repeat' })
    expect(nextStep(half({ noise, runs: [...runs, own(2, 'bad')] }))).toMatchObject({ position: 1, purpose: 'search' })
    expect(nextStep(half({ noise, runs: [...runs, ...good(2, 9)] }))).toMatchObject({ position: 2, purpose: 'repeat' })
    expect(nextStep(half({ noise, runs: [...runs, ...good(2, 10)] }))).toMatchObject({ position: 3, purpose: 'search' })
  })

  test('the price and the largest number of runs grow with the number of passes', () => {
    const policy = { confirmations: 1, repeat: false }
    expect(priceOf(16, policy, null, 0.5).probes).toBe(28)
    expect(runsMaxOf(16, policy, 0.5)).toBe(56)
    expect(priceOf(16, policy, null, 0.1).probes).toBeGreaterThan(100)
  })
})

describe('the confirmation', () => {
  const found = [...ends(2), own(1, 'good')]

  test('with little noise, the culprit and its parent run once more', () => {
    expect(nextStep(range(2, { runs: found }))).toMatchObject({ position: 2, purpose: 'confirm', notBefore: null })
    const runs = [...found, own(2, 'bad', 'confirm')]
    expect(nextStep(range(2, { runs }))).toMatchObject({ position: 1, purpose: 'confirm' })
    expect(wordsOf(range(2, { runs: [...runs, own(1, 'good', 'confirm')] }))).toBe(
      'First bad commit: 02ffffffff (A. Author). It failed 2 of 2 times; its parent passed 2 of 2 times.',
    )
  })

  test('with more noise, they run twice more by turns, and the last pair waits', () => {
    const noise = { runs: 30, failed: 0.5 }
    const pair = [own(2, 'bad', 'confirm'), own(1, 'good', 'confirm')]
    const state = range(2, { noise, runs: [...found, ...pair] })
    expect(nextStep(state)).toMatchObject({ position: 2, purpose: 'confirm', notBefore: new Date(3601_000) })
    const later = { ...state, runs: [...state.runs, own(2, 'bad', 'confirm')] }
    expect(nextStep(later)).toMatchObject({ position: 1, purpose: 'confirm', notBefore: null })
    expect(wordsOf({ ...later, runs: [...later.runs, own(1, 'good', 'confirm')] })).toBe(
      'First bad commit: 02ffffffff (A. Author). It failed 3 of 3 times; its parent passed 3 of 3 times.',
    )
  })

  test('if the culprit passes, the search goes on to the right', () => {
    const runs = [...ends(8), own(4, 'bad'), own(2, 'good'), own(3, 'good'), own(4, 'good', 'confirm')]
    expect(nextStep(range(8, { runs }))).toMatchObject({ position: 6, purpose: 'search' })
  })

  test('if the parent fails twice, the search goes on to the left', () => {
    const runs = [...ends(8), own(4, 'good'), own(6, 'bad'), own(5, 'bad')]
    const fails = [own(5, 'bad', 'confirm'), own(4, 'bad', 'confirm')]
    expect(nextStep(range(8, { runs: [...runs, ...fails] }))).toMatchObject({ position: 4, purpose: 'repeat' })
    const again = [...runs, ...fails, own(4, 'bad', 'repeat')]
    expect(nextStep(range(8, { runs: again }))).toMatchObject({ position: 2, purpose: 'search' })
  })

  test('an answer that is a merge or only documentation is doubted', () => {
    const runs = [...ends(1), own(1, 'bad', 'confirm'), own(0, 'good', 'confirm')]
    expect(wordsOf(range(1, { runs, doubt: 'merge' }))).toContain('Check this answer: the commit is a merge.')
  })

  test('inside a merge, the answer can be the merge itself, and it is not doubted', () => {
    const runs = [...ends(1), own(1, 'bad', 'confirm'), own(0, 'good', 'confirm')]
    expect(wordsOf(range(1, { runs, insideMerge: true }))).toContain(
      'This commit is the merge: each merged commit passes.',
    )
    const failing = range(2, { runs: [own(0, 'bad', 'good-end')], insideMerge: true })
    expect(wordsOf(failing)).toContain(
      'The commit 9be4d0aaaa, which both sides of the merge contain, fails on this host.',
    )
  })

  test('then the culprit and its parent run once on each other cell', () => {
    const runs = [...ends(1), own(1, 'bad', 'confirm'), own(0, 'good', 'confirm')]
    const state = range(1, { runs, otherCells: 1 })
    expect(nextStep(state)).toMatchObject({ cell: 1, position: 1, purpose: 'other-cell' })
    const other = [
      { ...own(1, 'bad', 'other-cell'), cell: 1 },
      { ...own(0, 'good', 'other-cell'), cell: 1 },
    ]
    expect(wordsOf({ ...state, runs: [...runs, ...other] })).toContain('The answer is the same for 1 of 1 other cell.')
  })
})

describe('the limits', () => {
  test.each<[string, Changes, string]>([
    ['runs', { runsMax: 2 }, 'Stopped after 2 runs (2 s). 16 commits remain.'],
    ['time', { budgetMs: 2500 }, 'Stopped after 2 runs (2 s). 16 commits remain.'],
    ['cancelled', { stop: 'cancelled' }, 'Cancelled after 2 runs (2 s). 16 commits remain.'],
    ['fixed', { stop: 'fixed' }, 'Stopped after 2 runs (2 s): the cell passes again. 16 commits remain.'],
    ['rewritten', { stop: 'rewritten' }, 'Stopped after 2 runs (2 s): the branch no longer contains these commits.'],
    [
      'noise',
      { noise: { runs: 10, failed: 3 } },
      'No first bad commit: about 32 % of the runs of good commits fail with this error.',
    ],
  ])('%s', (_, changes, words) => expect(wordsOf(range(16, { runs: ends(16), ...changes }))).toBe(words))

  test('an answer stays confirmed if the budget does not allow the other cells', () => {
    const runs = [...ends(1), own(1, 'bad', 'confirm'), own(0, 'good', 'confirm')]
    expect(wordsOf(range(1, { runs, otherCells: 3, runsMax: 4 }))).toContain('First bad commit: 01ffffffff')
  })
})

describe('the price', () => {
  test.each([
    { runs: 0, failed: 0, chance: 0.05, confirmations: 2, repeat: false, refuses: false },
    { runs: 49, failed: 0, chance: 0.01, confirmations: 1, repeat: false, refuses: false },
    { runs: 20, failed: 1, chance: 0.071, confirmations: 2, repeat: true, refuses: false },
    { runs: 10, failed: 2, chance: 0.227, confirmations: 2, repeat: true, refuses: true },
  ])('$failed of $runs failures of good commits', ({ runs, failed, chance, confirmations, repeat, refuses }) => {
    const noise = { runs, failed }
    expect(chanceOf(noise)).toBeCloseTo(chance, 3)
    expect(policyOf(chanceOf(noise))).toEqual({ confirmations, repeat })
    expect(isTooNoisy(noise)).toBe(refuses)
  })

  test('the price has the ends, the search and the confirmation', () => {
    const policy = { confirmations: 1, repeat: false }
    expect(describePrice(priceOf(2, policy, 1.8 * hours), 'sparc64-netbsd')).toBe(
      'about 5 probes, 9 h on sparc64-netbsd',
    )
    expect(describePrice(priceOf(16, policy, null), 'vax')).toBe('about 8 probes on vax')
    expect(runsMaxOf(64, { confirmations: 2, repeat: true })).toBe(20)
  })
})
