import { expect, test } from 'vitest'
import { nextStep, ownRuns } from './next-probe.rule.ts'
import { type Policy, policyOf } from './policy.rule.ts'
import type { BisectionState, Run } from './state.rule.ts'

/** Numbers from 0 to 1 that are the same in each run of the test (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const commits = Array.from({ length: 64 }, (_, index) => ({
  position: index + 1,
  commit: String(index + 1),
  author: 'A. Author',
  weight: 1,
  doubt: null,
}))

interface Bisected {
  named: boolean
  wrong: boolean
  runs: number
  /** Equal hosts run the probes of one round at the same time. */
  rounds: number
}

interface Farm {
  failureRate: number | null
  idleHosts: number[]
}

const alone: Farm = { failureRate: null, idleHosts: [] }

/** Bisects 64 commits; a good commit fails with the same fingerprint in the share `noise` of its runs. */
function bisect(random: () => number, noise: number, policy: Policy, farm: Farm): Bisected {
  const culprit = 1 + Math.floor(random() * commits.length)
  const runs: Run[] = []
  let rounds = 0
  const state: BisectionState = {
    commits,
    runs,
    awaited: [],
    noise: { runs: 0, failed: 0 },
    ...farm,
    otherCells: 0,
    budgetMs: Number.MAX_SAFE_INTEGER,
    runsMax: farm.failureRate === null ? 40 : 1000,
    expectedMs: null,
    pauseMs: 0,
    insideMerge: false,
    stop: null,
  }
  for (;;) {
    const step = nextStep(state, policy)
    if (step.kind === 'wait') throw new Error('a bisection without open probes waits')
    if (step.kind === 'finished') {
      const named = step.outcome.kind === 'confirmed'
      return { named, wrong: named && step.outcome.position !== culprit, runs: ownRuns(state).length - 2, rounds }
    }
    for (const position of [step.position, ...step.also.map(one => one.position)]) {
      const isGoodEnd = position === 0 // the table of the guide begins after the ends
      const isBad = position >= culprit && (farm.failureRate === null || random() < farm.failureRate)
      const verdict = isBad || (!isGoodEnd && random() < noise) ? 'bad' : 'good'
      runs.push({ position, cell: 0, purpose: step.purpose, verdict, costMs: 1, endedAt: null, hostId: null })
    }
    rounds++
  }
}

function simulate(noise: number, policy: Policy, farm = alone, trials = 1000) {
  const random = seeded(1)
  const bisected = Array.from({ length: trials }, () => bisect(random, noise, policy, farm))
  const share = (of: (one: Bisected) => boolean) => (100 * bisected.filter(of).length) / trials
  return {
    named: share(({ named }) => named),
    wrong: share(({ wrong }) => wrong),
    runs: bisected.reduce((sum, { runs }) => sum + runs, 0) / trials,
    rounds: bisected.reduce((sum, { rounds }) => sum + rounds, 0) / trials,
  }
}

const simple = { confirmations: 0, repeat: false }
const careful = { confirmations: 2, repeat: true }

// The expected shares are in percent, from an independent simulation with 40,000 trials.
test.each([
  { noise: 0.01, wrong: 2.9, tolerance: 1 },
  { noise: 0.05, wrong: 14, tolerance: 3 },
  { noise: 0.1, wrong: 26, tolerance: 3 },
  { noise: 0.2, wrong: 46, tolerance: 4 },
])('without confirmation, noise of $noise names $wrong % wrong commits', ({ noise, wrong, tolerance }) => {
  expect(Math.abs(simulate(noise, simple).wrong - wrong)).toBeLessThan(tolerance)
})

test.each([
  { noise: 0.01, named: 99.5, wrong: 0.1, runs: 13 },
  { noise: 0.05, named: 98, wrong: 0.2, runs: 15 },
  { noise: 0.1, named: 94, wrong: 0.5, runs: 17 },
  { noise: 0.2, named: 81, wrong: 1.8, runs: 20 },
])('with repeats and two confirmations, noise of $noise names at most $wrong % wrong commits', expected => {
  const { named, wrong, runs } = simulate(expected.noise, careful)
  expect(wrong).toBeLessThanOrEqual(expected.wrong)
  expect(named).toBeGreaterThanOrEqual(expected.named)
  expect(runs).toBeLessThan(expected.runs + 0.5)
})

test('the usual policy names at most 1 % wrong commits below the noise that refuses a bisection', () => {
  for (const noise of [0.01, 0.05, 0.1]) {
    expect(simulate(noise, policyOf(noise)).wrong, `noise ${noise}`).toBeLessThanOrEqual(1)
  }
})

test('three further hosts save rounds: about log5 n instead of log2 n', () => {
  const policy = { confirmations: 1, repeat: false }
  const [one, four] = [alone, { ...alone, idleHosts: [1, 2, 3] }].map(farm => simulate(0, policy, farm, 200))
  expect([one?.wrong, four?.wrong]).toEqual([0, 0])
  expect((one?.rounds ?? 0) - (four?.rounds ?? 0)).toBeGreaterThan(2.5)
})

test.each([0.5, 0.3])('a failure in the share %s of the runs: at most 3 % wrong answers', failureRate => {
  const { named, wrong } = simulate(0, policyOf(0.01), { failureRate, idleHosts: [] }, 200)
  expect(wrong).toBeLessThan(3)
  expect(named).toBeGreaterThan(90)
})
