import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { runBeside } from './command.ts'
import type { Tally } from './tally.ts'

interface Suite {
  title: string
  suites?: Suite[]
  specs?: { title: string; tests: { status: 'expected' | 'unexpected' | 'flaky' | 'skipped' }[] }[]
}

interface Report {
  suites: Suite[]
  errors: unknown[]
}

const results = (suite: Suite): { title: string; status: string }[] => [
  ...(suite.specs ?? []).flatMap(({ title, tests }) => tests.map(({ status }) => ({ title, status }))),
  ...(suite.suites ?? []).flatMap(results),
]

/** A flaky test counts as failed, because it can fail again in the next run. */
export const tallyOf = ({ suites, errors }: Report, exitCode: number): Tally => {
  const all = suites.flatMap(results)
  const failed = all.filter(({ status }) => status === 'unexpected' || status === 'flaky').length + errors.length
  return {
    passed: all.filter(({ status }) => status === 'expected').length,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: all.filter(({ status }) => status === 'skipped').map(({ title }) => title),
  }
}

const configuration = 'test/e2e/playwright.config.ts'
const failure: Tally = { passed: 0, failed: 1, skipped: [] }

/** Runs the browser tests. */
export const runPlaywright = async (directory: string): Promise<Tally> => {
  if (!existsSync(configuration)) {
    console.log(`FAILED  the browser tests: ${configuration} does not exist`)
    return failure
  }
  const file = `${directory}/playwright.json`
  const words = ['--filter', '@rumpfarm/test', 'exec', 'playwright', 'test', '-c', 'e2e', '--reporter=list,json']
  const ok = await runBeside('pnpm', words, { PLAYWRIGHT_JSON_OUTPUT_NAME: file })
  const text = await readFile(file, 'utf8').catch(() => undefined)
  return text === undefined ? failure : tallyOf(JSON.parse(text), ok ? 0 : 1)
}
