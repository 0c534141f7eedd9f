/** What one kind of test came to. */
export interface Tally {
  passed: number
  failed: number
  /** Names of tests that did not run here; shown, never silent. */
  skipped: string[]
}

export const add = (a: Tally, b: Tally): Tally => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: [...a.skipped, ...b.skipped],
})

/** Green is only what ran and did not fail. */
export const isGreen = ({ passed, failed }: Tally): boolean => passed > 0 && failed === 0

export const lastLine = ({ passed, failed }: Tally): string => `${passed} passed, ${failed} failed`
