import { readFile } from 'node:fs/promises'
import { runBeside, runVisibly } from './command.ts'
import type { Tally } from './tally.ts'

interface Assertion {
  fullName: string
  status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled'
}

interface Report {
  success: boolean
  testResults: { name: string; status: string; message: string; assertionResults: Assertion[] }[]
}

/** If a test file cannot be loaded, the report marks the file as failed, but lists no failed test. */
const failuresOf = ({ status, assertionResults }: Report['testResults'][number]): number => {
  const failed = assertionResults.filter(assertion => assertion.status === 'failed').length
  return status === 'failed' ? Math.max(1, failed) : failed
}

/** The report lacks errors outside of tests and errors of the clean-up, but `exitCode` shows them. */
export const tallyOf = (report: Report, exitCode: number): Tally => {
  const assertions = report.testResults.flatMap(file => file.assertionResults)
  const failed = report.testResults.reduce((sum, file) => sum + failuresOf(file), 0)
  return {
    passed: assertions.filter(({ status }) => status === 'passed').length,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: assertions
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => fullName),
  }
}

interface VitestOptions {
  /** A command that runs vitest. */
  within?: readonly string[]
  /** Additional arguments. */
  words?: readonly string[]
  /** If true, the output appears at the end, because other commands run at the same time. */
  beside?: boolean
}

export const runVitest = async (
  directory: string,
  { within = [], words = [], beside = false }: VitestOptions = {},
): Promise<Tally> => {
  const file = `${directory}/vitest-${words.length}.json`
  const [command = 'vitest', ...rest] = [...within, 'vitest', 'run', ...words]
  const args = [...rest, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  // If CI is set, vitest writes line by line, and does not overwrite the lines of other programs.
  const exitCode = beside ? Number(!(await runBeside(command, args))) : await runVisibly(command, args, { CI: 'true' })
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? { passed: 0, failed: 1, skipped: [] } : tallyOf(JSON.parse(text), exitCode)
}
