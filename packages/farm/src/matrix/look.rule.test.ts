import { describe, expect, test } from 'vitest'
import { foldBox, type LookFacts, lookOf, type Part } from './look.rule.ts'

const now = Date.parse('2024-05-06T07:08:09Z')
const hours = (count: number) => now - count * 3_600_000
const days = (count: number) => hours(24 * count)

const facts = (changes: Partial<LookFacts>): LookFacts => ({
  verdict: null,
  state: null,
  sinceMs: 0,
  changedMs: changes.sinceMs ?? 0,
  hasPassed: true,
  flaky: false,
  testsMissing: false,
  expected: false,
  prevented: false,
  active: null,
  ...changes,
})

describe('the look of a cell', () => {
  test.each<[string, string, Partial<LookFacts>]>([
    ['it never ran', 'never-ran', {}],
    ['it cannot run', 'prevented', { prevented: true }],
    ['its first attempt waits', 'queued', { active: 'waiting' }],
    ['its first attempt starts', 'running', { active: 'leased' }],
    ['its newest attempt was lost', 'lost', { verdict: 'lost' }],
    ['its newest attempt was lost, and it runs again', 'running', { verdict: 'lost', active: 'running' }],
    ['its newest attempt is broken', 'lost', { verdict: 'broken' }],
    ['somebody cancelled it', 'cancelled', { verdict: 'cancelled' }],
    ['it passes', 'passed', { verdict: 'passed', state: 'passing', sinceMs: hours(2) }],
    ['it passes, and a job waits', 'passed', { verdict: 'passed', sinceMs: hours(2), active: 'queued' }],
    ['it passes, and a job runs', 'running', { verdict: 'passed', sinceMs: hours(2), active: 'running' }],
    ['it passes again since this night', 'fixed', { verdict: 'passed', state: 'fixed', sinceMs: hours(23) }],
    ['it passes again since last week', 'passed', { verdict: 'passed', state: 'fixed', sinceMs: days(7) }],
    ['it passes without its tests', 'tests-missing', { verdict: 'passed', state: 'fixed', testsMissing: true }],
    [
      'it passes without its tests, and a job runs',
      'tests-missing',
      { verdict: 'passed', testsMissing: true, active: 'running' },
    ],
    ['it passes, but is flaky', 'flaky', { verdict: 'passed', flaky: true }],
    ['it fails since this night', 'new', { verdict: 'failed', state: 'newly-failing', sinceMs: hours(23) }],
    [
      'it fails since this night, and later commits too',
      'new',
      { verdict: 'failed', state: 'still-failing', sinceMs: hours(23) },
    ],
    ['it times out since this night', 'new', { verdict: 'timed-out', state: 'newly-failing', sinceMs: hours(23) }],
    ['one attempt failed', 'unconfirmed', { verdict: 'failed', state: 'newly-failing-unconfirmed', sinceMs: hours(1) }],
    [
      'one attempt failed a week ago',
      'failing',
      { verdict: 'failed', state: 'newly-failing-unconfirmed', sinceMs: days(7) },
    ],
    [
      'it fails since this night, and never passed',
      'failing',
      { verdict: 'failed', state: 'failing', sinceMs: hours(1), hasPassed: false },
    ],
    ['it fails for a day', 'failing', { verdict: 'failed', state: 'newly-failing', sinceMs: hours(24) }],
    ['it fails for 89 days', 'failing', { verdict: 'failed', sinceMs: days(89) }],
    ['it fails for 90 days', 'old', { verdict: 'failed', sinceMs: days(90) }],
    [
      'it fails for a year, in another way since this night',
      'failing',
      { verdict: 'failed', state: 'failing-differently', sinceMs: days(365), changedMs: hours(1) },
    ],
    ['it fails, and somebody knows', 'known', { verdict: 'failed', sinceMs: hours(1), expected: true }],
    ['it passes, and was expected to fail', 'passed', { verdict: 'passed', sinceMs: hours(1), expected: true }],
    ['its newest commit passed and failed', 'flaky', { verdict: 'failed', state: 'flaky', sinceMs: hours(1) }],
    ['it fails, and a new job runs', 'new', { verdict: 'failed', sinceMs: hours(1), active: 'running' }],
  ])('if %s, its look is %s', (_, look, changes) => {
    expect(lookOf(facts(changes), now)).toBe(look)
  })
})

const part = (text: string): Part => {
  const [look, step, age, activity] = text.split(' ')
  return {
    look: look as Part['look'],
    step: step ?? null,
    timedOut: false,
    sinceMs: age ? hours(Number(age)) : null,
    activity: (activity as Part['activity']) ?? null,
  }
}

describe('the box of several cells', () => {
  test.each<[string[], number, string]>([
    [[], 6, 'passed 6/6'],
    [['new build 2'], 5, 'new build 1/6'],
    [['old tests 5000', 'new build 2', 'failing tools 99'], 3, 'new build 3/6'],
    [['new build 9', 'new tests 2'], 0, 'new tests 2/2'],
    [['queued . 1', 'queued . 4'], 1, 'queued . 2/3'],
    [['known tests 9', 'passed'], 2, 'known tests 1/4'],
    [['passed', 'fixed . 3'], 2, 'fixed . 1/4'],
    [['never-ran', 'prevented'], 0, 'never-ran 1/2'],
    [['new build 2', 'passed . 0 running'], 0, 'new build 1/2 running'],
    [['passed . 0 queued', 'passed'], 3, 'passed 5/5 queued'],
    [['passed . 0 queued', 'failing a 80 running'], 0, 'failing a 1/2 running'],
  ])('%j and %i more that passed give %s', (parts, passed, expected) => {
    const { look, step, count, of, activity } = foldBox(parts.map(part), passed)
    expect([look, step, `${count}/${of}`, activity].filter(word => word !== null).join(' ')).toBe(expected)
  })

  test.each<[string[], number, string[], string]>([
    [['new build 2'], 1, ['never-ran', 'never-ran'], 'new 1/4'],
    [['passed . 3 running'], 1, ['never-ran'], 'passed 2/3'],
    [[], 2, ['prevented'], 'passed 2/3'],
    [['never-ran'], 1, ['never-ran'], 'never-ran 1/3'],
    [['queued . 1'], 0, ['never-ran'], 'queued 1/2'],
    [[], 0, ['never-ran', 'prevented'], 'never-ran 1/2'],
    [[], 0, ['prevented'], 'prevented 1/1'],
  ])('%j and %i more that passed give, beside projects that never ran, %j: %s', (parts, passed, absent, expected) => {
    const { look, count, of } = foldBox(parts.map(part), passed, absent.map(part))
    expect(`${look} ${count}/${of}`).toBe(expected)
  })

  test('the longest wait and the newest failure are shown', () => {
    expect(foldBox([part('queued . 1'), part('queued . 4')]).sinceMs).toBe(hours(4))
    expect(foldBox([part('new build 9'), part('new build 2')]).sinceMs).toBe(hours(2))
  })
})
