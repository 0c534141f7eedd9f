/** The result of one kind of test. */
export interface Tally {
  passed: number
  failed: number
  /** The tests that did not run, each with its reason. The end of a run lists them. */
  skipped: string[]
}

export const add = (a: Tally, b: Tally): Tally => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: [...a.skipped, ...b.skipped],
})

/** True if at least one test passed and none failed. */
export const isGreen = ({ passed, failed }: Tally): boolean => passed > 0 && failed === 0

export const lastLine = ({ passed, failed }: Tally): string => `${passed} passed, ${failed} failed`
