import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runBeside, runVisibly } from './command.ts'
import { reportVariable } from './reporter.ts'
import { failure, type TestResult } from './results.ts'

interface VitestOptions {
  /** A command that runs vitest. */
  within?: readonly string[]
  /** Additional arguments. */
  words?: readonly string[]
  /** If true, the output appears at the end, because other commands run at the same time. */
  beside?: boolean
}

const outside = (error: string): TestResult => failure('vitest', error)

/** `report` is the text that the reporter wrote. An error while vitest ends is only in its exit code. */
export const readResults = (report: string | undefined, exitCode: number): TestResult[] => {
  if (report === undefined) return [outside(`vitest ended with ${exitCode} before it wrote a report; see above`)]
  const results = JSON.parse(report) as TestResult[]
  const isHidden = exitCode !== 0 && !results.some(({ status }) => status === 'failed')
  return isHidden ? [...results, outside(`vitest ended with ${exitCode}, but no test failed; see above`)] : results
}

const runOnce = async (
  directory: string,
  { within = [], words = [], beside = false }: VitestOptions,
): Promise<TestResult[]> => {
  const file = join(await mkdtemp(join(directory, 'vitest-')), 'results.json')
  const [command = 'vitest', ...rest] = [...within, 'vitest', 'run', ...words]
  const args = [...rest, '--reporter=default', `--reporter=${join(process.cwd(), 'test/run/reporter.ts')}`]
  const env = { [reportVariable]: file }
  // If CI is set, vitest writes line by line, and does not overwrite the lines of other programs.
  const exitCode = beside
    ? Number(!(await runBeside(command, args, env)))
    : await runVisibly(command, args, { ...env, CI: 'true' })
  return readResults(await readFile(file, 'utf8').catch(() => undefined), exitCode)
}

/** Runs test files with vitest. The results can run their files again, one after the other. */
export const runVitest = async (directory: string, options: VitestOptions = {}): Promise<TestResult[]> => {
  const { words = [] } = options
  const runAgain = async (files: readonly string[]): Promise<TestResult[]> => {
    const paths = files.map(file => join(process.cwd(), file))
    const results = await runOnce(directory, { ...options, words: [...words, '--no-file-parallelism', ...paths] })
    // A path also selects the files whose path continues it.
    return results.filter(({ file }) => file === '' || files.includes(file))
  }
  const results = await runOnce(directory, options)
  return results.map(result => (result.file === '' ? result : { ...result, runAgain }))
}
