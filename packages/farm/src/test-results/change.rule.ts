import { isBad, isGood, type Outcome } from './outcome.rule.ts'

/**
 * How a test of a build compares with the commit before. `new`: the test has no earlier result. `flaky`: attempts of the
 * same job disagree.
 */
export type TestChange = 'newly-failing' | 'still-failing' | 'failing-first' | 'flaky' | 'fixed'

/** Compares a test that failed in one attempt of a job with its other attempts and with the commit before. */
export function changeOf(outcomes: readonly Outcome[], before: Outcome | null): TestChange {
  if (outcomes.some(isGood)) return 'flaky'
  if (before === null) return 'failing-first'
  return isBad(before) ? 'still-failing' : 'newly-failing'
}
