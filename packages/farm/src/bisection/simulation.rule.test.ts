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
}

/** Bisects 64 commits; a good commit fails with the same fingerprint in the share `noise` of its runs. */
function bisect(random: () => number, noise: number, policy: Policy): Bisected {
  const culprit = 1 + Math.floor(random() * commits.length)
  const runs: Run[] = []
  const state: BisectionState = {
    commits,
    runs,
    awaited: [],
    noise: { runs: 0, failed: 0 },
    otherCells: 0,
    budgetMs: Number.MAX_SAFE_INTEGER,
    runsMax: 40,
    expectedMs: null,
    pauseMs: 0,
    stop: null,
  }
  for (;;) {
    const step = nextStep(state, policy)
    if (step.kind === 'wait') throw new Error('a bisection without open probes waits')
    if (step.kind === 'finished') {
      const named = step.outcome.kind === 'confirmed'
      return { named, wrong: named && step.outcome.position !== culprit, runs: ownRuns(state).length - 2 }
    }
    const isGoodEnd = step.position === 0 // the table of the guide begins after the ends
    const fails = step.position >= culprit || (!isGoodEnd && random() < noise)
    const verdict = fails ? 'bad' : 'good'
    runs.push({ position: step.position, cell: 0, purpose: step.purpose, verdict, costMs: 1, endedAt: null })
  }
}

function simulate(noise: number, policy: Policy) {
  const random = seeded(1)
  const trials = 1000
  const bisected = Array.from({ length: trials }, () => bisect(random, noise, policy))
  const share = (of: (one: Bisected) => boolean) => (100 * bisected.filter(of).length) / trials
  return {
    named: share(({ named }) => named),
    wrong: share(({ wrong }) => wrong),
    runs: bisected.reduce((sum, { runs }) => sum + runs, 0) / trials,
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
