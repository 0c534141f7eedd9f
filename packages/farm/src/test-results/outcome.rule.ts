/** What a test reported. `errored`: the test itself could not run to its end. */
export const outcomes = ['passed', 'failed', 'errored', 'skipped', 'expected-failure', 'unexpected-pass'] as const
export type Outcome = (typeof outcomes)[number]

/** Whether the outcome says that the program is wrong. An unexpected pass does not: TAP's TODO tests never fail. */
export const isBad = (outcome: Outcome): boolean => outcome === 'failed' || outcome === 'errored'
/** Whether the test ran and did what its author expects. */
export const isGood = (outcome: Outcome): boolean =>
  outcome === 'passed' || outcome === 'expected-failure' || outcome === 'unexpected-pass'

export type Counts = Record<Outcome, number>
export const noCounts = (): Counts => ({
  passed: 0,
  failed: 0,
  errored: 0,
  skipped: 0,
  'expected-failure': 0,
  'unexpected-pass': 0,
})
export const totalOf = (counts: Counts): number => outcomes.reduce((sum, outcome) => sum + counts[outcome], 0)

/** The words that test programs print for an outcome, in lower case. */
const words: Record<string, Outcome> = {
  ok: 'passed',
  pass: 'passed',
  passed: 'passed',
  success: 'passed',
  succeeded: 'passed',
  done: 'passed',
  'not ok': 'failed',
  fail: 'failed',
  failed: 'failed',
  failure: 'failed',
  error: 'errored',
  errored: 'errored',
  broken: 'errored',
  timeout: 'errored',
  skip: 'skipped',
  skipped: 'skipped',
  'not run': 'skipped',
  disabled: 'skipped',
  xfail: 'expected-failure',
  expected_failure: 'expected-failure',
  'expected failure': 'expected-failure',
  todo: 'expected-failure',
  xpass: 'unexpected-pass',
}

/** The outcome that a word such as `PASS` or `not ok` means; undefined for other words. */
export function outcomeOfWord(word: string): Outcome | undefined {
  const key = word.trim().toLowerCase()
  return Object.hasOwn(words, key) ? words[key] : undefined
}
