import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { runBeside } from './command.ts'
import { failure, firstLines, type TestResult } from './results.ts'

interface PlaywrightError {
  message?: string
}

interface Test {
  status: 'expected' | 'unexpected' | 'flaky' | 'skipped'
  results?: { errors?: PlaywrightError[] }[]
}

interface Suite {
  title: string
  suites?: Suite[]
  specs?: { title: string; tests: Test[] }[]
}

interface Report {
  suites: Suite[]
  errors: PlaywrightError[]
}

const directory = 'test/e2e'
const configuration = `${directory}/playwright.config.ts`
const anError = 'a browser test failed, but the report has no error; see above'

/** A flaky test counts as failed, because it can fail again in the next run. */
const statuses = { expected: 'passed', unexpected: 'failed', flaky: 'failed', skipped: 'skipped' } as const

const errorOf = ({ results = [] }: Test): string =>
  firstLines(results.flatMap(({ errors = [] }) => errors)[0]?.message ?? anError)

/** The title of an outer suite is the name of its file. */
const resultsOf = (suite: Suite, file: string, titles: readonly string[]): TestResult[] => [
  ...(suite.specs ?? []).flatMap(({ title, tests }) =>
    tests.map((test): TestResult => {
      const status = statuses[test.status]
      return { file, name: [...titles, title].join(' '), status, error: status === 'failed' ? errorOf(test) : '' }
    }),
  ),
  ...(suite.suites ?? []).flatMap(inner => resultsOf(inner, file, [...titles, inner.title])),
]

export const readResults = ({ suites, errors }: Report, isOk: boolean): TestResult[] => {
  const results = [
    ...suites.flatMap(suite => resultsOf(suite, `${directory}/${suite.title}`, [])),
    ...errors.map(({ message }) => failure('playwright', message ?? anError)),
  ]
  const isHidden = !isOk && !results.some(({ status }) => status === 'failed')
  return isHidden ? [...results, failure('playwright', anError)] : results
}

/** Playwright's filter is a regular expression. */
const filterOf = (file: string): string => `/${file.replaceAll('.', '\\.')}$`

const again = (files: readonly string[]): string[] => ['--trace=retain-on-failure', ...files.map(filterOf)]

/** Runs these files, which failed before, or all. */
const runOnce = async (temporary: string, files: readonly string[]): Promise<TestResult[]> => {
  const report = `${temporary}/playwright-${files.length}.json`
  const words = ['--filter', '@rumpfarm/test', 'exec', 'playwright', 'test', '-c', 'e2e', '--reporter=list,json']
  const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: report }
  const isOk = await runBeside('pnpm', files.length > 0 ? [...words, ...again(files)] : words, env)
  const text = await readFile(report, 'utf8').catch(() => undefined)
  return text === undefined
    ? [failure('playwright', 'playwright wrote no report; see above')]
    : readResults(JSON.parse(text), isOk)
}

/** Runs the browser tests. */
export const runPlaywright = async (temporary: string): Promise<TestResult[]> => {
  if (!existsSync(configuration)) {
    const error = `${configuration} does not exist`
    console.log(`FAILED  the browser tests: ${error}`)
    return [failure('the browser tests', error)]
  }
  const runAgain = (files: readonly string[]) => runOnce(temporary, files)
  const results = await runOnce(temporary, [])
  return results.map(result => (result.file === '' ? result : { ...result, runAgain }))
}
