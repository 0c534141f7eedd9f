import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { SerializedError, TestModule } from 'vitest/node'
import type { TestResult } from './results.ts'

/** The variable with the name of the file that the reporter writes. */
export const reportVariable = 'RUMPFARM_TEST_RESULTS'

type Caught = SerializedError & { stacks?: { file: string; line: number }[]; VITEST_TEST_PATH?: string }

const pathOf = (file: string): string => relative(process.cwd(), file)

/** The message, and the first line of the test's own file, or of the first file, in the stack. */
const textOf = (error: Caught, file = ''): string => {
  const frame = error.stacks?.find(stack => stack.file === file) ?? error.stacks?.[0]
  const message = `${error.name ?? 'Error'}: ${error.message}`.split('\n').slice(0, 7).join('\n')
  return frame ? `${message}\nat ${pathOf(frame.file)}:${frame.line}` : message
}

const failedFile = (file: string, error: Caught): TestResult => ({
  file: file && pathOf(file),
  name: '',
  status: 'failed',
  error: textOf(error, file),
})

/** The tests of a file, and each error outside of its tests: in its import, in beforeAll or in afterAll. */
const resultsOf = (module: TestModule): TestResult[] => {
  const file = module.moduleId
  const tests = [...module.children.allTests()].map((test): TestResult => {
    const { state, errors } = test.result()
    const [error] = (errors ?? []) as Caught[]
    return {
      file: pathOf(file),
      name: test.fullName,
      status: state === 'pending' ? 'skipped' : state,
      error: error ? textOf(error, file) : '',
    }
  })
  const suites = [...module.children.allSuites()].flatMap(suite => suite.errors())
  const errors = [...module.errors(), ...suites] as Caught[]
  return [...tests, ...errors.map(error => failedFile(file, error))]
}

/** Writes the results of all tests into a file, also the errors that belong to no test, which the JSON report of vitest lacks. */
export default class ResultsReporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env[reportVariable]
    const outside = (unhandled as readonly Caught[]).map(error => failedFile(error.VITEST_TEST_PATH ?? '', error))
    if (file) writeFileSync(file, JSON.stringify([...modules.flatMap(resultsOf), ...outside]))
  }
}
