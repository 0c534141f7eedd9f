/** A program that ran test files, and can run some of them a second time. */
export type RunAgain = (files: readonly string[]) => Promise<TestResult[]>

/** The result of one test, or of a command that counts as one test. */
export interface TestResult {
  /** The path of the test's file from the repository's root; empty for a command. */
  file: string
  /** Empty if the result belongs to the whole file: for example, the file does not load. */
  name: string
  status: 'passed' | 'failed' | 'skipped'
  /** The error of a failed test, or the reason of a skipped one. */
  error: string
  /** The error of the first run, if the test passed only in the second run. */
  firstError?: string
  /** Runs the file again. Absent for a command, and for an error that belongs to no file. */
  runAgain?: RunAgain
}

const maxLines = 8
const maxFailures = 50

// biome-ignore lint/suspicious/noControlCharactersInRegex: these codes are the colours of a terminal
const colours = /\u001b\[[0-9;]*m/g

/** The first lines of an error, without colours. */
export const firstLines = (text: string): string => {
  const lines = text
    .replace(colours, '')
    .split('\n')
    .filter(line => line.trim() !== '')
  return lines.slice(0, maxLines).join('\n')
}

/** A test that failed without a file, for example a command. */
export const failure = (name: string, error: string): TestResult => ({
  file: '',
  name,
  status: 'failed',
  error: firstLines(error),
})

const titleOf = ({ file, name }: TestResult): string => [file, name].filter(Boolean).join(': ')

const indented = (text: string): string => text.replace(/^/gm, '    ')

const isFailed = ({ status }: TestResult): boolean => status === 'failed'

const count = (results: readonly TestResult[], status: TestResult['status']): number =>
  results.filter(result => result.status === status).length

/** The tests that failed at first, and passed when their file ran alone. */
export const passedSecond = (results: readonly TestResult[]): TestResult[] =>
  results.filter(({ status, firstError }) => status === 'passed' && firstError !== undefined)

/** True if at least one test passed and none failed. */
export const isGreen = (results: readonly TestResult[]): boolean =>
  results.some(({ status }) => status === 'passed') && !results.some(isFailed)

export const lastLine = (results: readonly TestResult[]): string =>
  `${count(results, 'passed')} passed, ${count(results, 'failed')} failed`

const tests = (number: number): string => (number === 1 ? '1 test' : `${number} tests`)

const secondRunText = (unsteady: readonly TestResult[]): string[] =>
  unsteady.length === 0
    ? []
    : [
        `${tests(unsteady.length)} passed only in the second run. Each of them is a defect to find: it failed beside the other tests.`,
        ...unsteady.map(test => `UNSTEADY  ${titleOf(test)}\n${indented(test.firstError ?? '')}`),
        '',
      ]

const failuresText = (failed: readonly TestResult[]): string[] => {
  const shown = failed.slice(0, maxFailures).map(test => `FAILED  ${titleOf(test)}\n${indented(test.error)}`)
  const more = failed.length > maxFailures ? [`and ${failed.length - maxFailures} more; see above`] : []
  return failed.length === 0 ? [] : [...shown, ...more, '']
}

/** The end of the output: the tests that passed only in the second run, the failed tests, and `N passed, N failed`. */
export const reportText = (results: readonly TestResult[]): string =>
  [...secondRunText(passedSecond(results)), ...failuresText(results.filter(isFailed)), lastLine(results)].join('\n')

/** The same for programs. */
export const reportJson = (results: readonly TestResult[]) => ({
  passed: count(results, 'passed'),
  failed: count(results, 'failed'),
  skipped: count(results, 'skipped'),
  passedOnlyInTheSecondRun: passedSecond(results).map(({ file, name, firstError }) => ({
    file,
    name,
    error: firstError,
  })),
  failures: results.filter(isFailed).map(({ file, name, error }) => ({ file, name, error })),
})
