/** The result of one kind of test. */
export interface Tally {
  passed: number
  failed: number
  /** The tests that did not run, each with its reason. The run shows them. */
  skipped: string[]
}

export const add = (a: Tally, b: Tally): Tally => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: [...a.skipped, ...b.skipped],
})

/** A run without any test is not green. */
export const isGreen = ({ passed, failed }: Tally): boolean => passed > 0 && failed === 0

export const lastLine = ({ passed, failed }: Tally): string => `${passed} passed, ${failed} failed`
