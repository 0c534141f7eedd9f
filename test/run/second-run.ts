// A busy machine can exceed the time limit of a test. So files with a failed test run a second time, alone and one after
// the other: docs/decisions/0033-a-second-run-lists-defects.md.
import type { RunAgain, TestResult } from './results.ts'

/** If more files failed, the code is broken, and a second run would only take time. */
export const maxFiles = 10

/** The files with a failed test that can run again, for each program that ran them. Empty if there are too many. */
export const filesToRepeat = (results: readonly TestResult[]): Map<RunAgain, string[]> => {
  const files = new Map<RunAgain, string[]>()
  for (const { file, status, runAgain } of results) {
    if (status !== 'failed' || !runAgain) continue
    const known = files.get(runAgain) ?? []
    if (!known.includes(file)) files.set(runAgain, [...known, file])
  }
  const number = [...files.values()].flat().length
  return number > maxFiles ? new Map() : files
}

const isSameTest = (one: TestResult, other: TestResult): boolean => one.file === other.file && one.name === other.name

/** The whole file failed at first, for example because its set-up took too long. */
const fileThatPasses = (failed: TestResult, second: readonly TestResult[]): TestResult[] => {
  const tests = second.filter(({ file }) => file === failed.file)
  const passes = failed.name === '' && tests.some(isPassed) && !tests.some(({ status }) => status === 'failed')
  return passes ? [{ ...failed, status: 'passed', error: '', firstError: failed.error }] : []
}

const isPassed = ({ status }: TestResult): boolean => status === 'passed'

/**
 * The results of both runs of some files. The second run decides: a test that fails there has failed, also if it passed
 * beside the other tests. A failed test that did not run a second time has failed.
 */
export const decide = (first: readonly TestResult[], second: readonly TestResult[]): TestResult[] => {
  const failed = first.filter(({ status }) => status === 'failed')
  const decided = second.map(result => {
    const before = failed.find(other => isSameTest(other, result))
    return before && isPassed(result) ? { ...result, firstError: before.error } : result
  })
  const absent = failed.filter(test => !second.some(other => isSameTest(other, test)))
  return [
    ...decided,
    ...absent.flatMap(test => {
      const whole = fileThatPasses(test, second)
      return whole.length > 0 ? whole : [test]
    }),
  ]
}

const repeat = async (
  results: readonly TestResult[],
  runAgain: RunAgain,
  files: readonly string[],
): Promise<TestResult[]> => {
  const isRepeated = (result: TestResult) => result.runAgain === runAgain && files.includes(result.file)
  const second = await runAgain(files)
  return [...results.filter(result => !isRepeated(result)), ...decide(results.filter(isRepeated), second)]
}

/** Runs the files with failed tests a second time, after all other tests, and returns the results of both runs. */
export const withSecondRun = async (first: readonly TestResult[]): Promise<TestResult[]> => {
  let results = [...first]
  for (const [runAgain, files] of filesToRepeat(first)) {
    console.log(`\nsecond run, without other tests: ${files.join(', ')}`)
    results = await repeat(results, runAgain, files)
  }
  return results
}
