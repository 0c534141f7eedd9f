import Type from 'typebox'
import {
  bulkFormat,
  count,
  id,
  jobId,
  list,
  maybe,
  maybeInteger,
  maybeText,
  moment,
  oneOf,
  ref,
} from './api-formats.ts'

const outcomes = ['passed', 'failed', 'errored', 'skipped', 'expected-failure', 'unexpected-pass'] as const
const outcome = oneOf(outcomes, 'What the test reported. errored: it did not run to its end')

const counts = Type.Object(
  {
    passed: count('Passed'),
    failed: count('Failed'),
    errored: count('Did not run to their end'),
    skipped: count('Skipped'),
    'expected-failure': count('Failed, and their authors expect this'),
    'unexpected-pass': count('Passed, although their authors expect a failure'),
  },
  { description: 'The tests by their outcome' },
)

export const TestResult = Type.Object(
  {
    testId: id('Number of the test in its project'),
    suite: Type.String({ description: 'The suites around the test, from outside to inside, joined by ›' }),
    name: Type.String(),
    outcome,
    tries: Type.Integer({ minimum: 1, description: 'How often the test program ran the test' }),
    durationMs: maybeInteger('Milliseconds'),
    message: maybeText('At most 4 KiB'),
    excerpt: maybeText('Output of a failed test, at most 64 KiB'),
    file: maybeText('Source file of the test'),
    line: maybeInteger('Line in this file'),
    fingerprint: maybeText('Equal for equal failures'),
  },
  { $id: 'TestResult', description: 'What one test reported in one attempt' },
)

const TestFile = Type.Object({
  file: Type.String({ description: 'Path of the file, or: log of STEP' }),
  format: oneOf(['junit', 'tap', 'pattern'], 'Format of the file'),
  complete: Type.Boolean({ description: 'false: the file does not hold all results of its test program' }),
  counts,
  notice: maybeText('What the farm left out or did not understand, one on each line'),
})

export const JobTests = Type.Object(
  {
    attempt: Type.String({ description: 'For example 4711.2' }),
    summary: maybe(
      Type.Object(
        {
          counts,
          total: count('All tests'),
          complete: Type.Boolean(),
          missing: Type.Boolean({
            description: 'The job passed without tests, and earlier jobs of its cell had tests',
          }),
          notice: maybeText('What the farm left out, one on each line'),
          files: list(TestFile, 'At most 200 files, incomplete files first'),
        },
        { description: 'null: the recipe has no results, or the farm has not read them yet' },
      ),
    ),
    slowest: list(ref(TestResult), 'The slowest tests of the attempt, at most 10, each of at least 100 ms'),
    items: Type.Array(ref(TestResult)),
    next: maybeText('Address of the next page, also in the header Link; null on the last page'),
  },
  { $id: 'JobTests', description: 'The tests of an attempt, sorted by suite and name' },
)

const BuildTest = Type.Object({
  testId: id('Number of the test in its project'),
  suite: Type.String(),
  name: Type.String(),
  change: oneOf(
    ['newly-failing', 'failing-first', 'still-failing', 'flaky', 'fixed'],
    'Compared with the commit before, on the same branch, host, arch and variant',
  ),
  outcome,
  jobId: jobId('Number of the job'),
  attempt: Type.String(),
  host: Type.String(),
  arch: Type.String(),
  variant: Type.String(),
  message: maybeText(''),
  fingerprint: maybeText(''),
  before: maybe(
    Type.Object(
      { buildId: id('Number of the build'), attempt: Type.String(), outcome },
      { description: 'The result at the commit before; null: there is none' },
    ),
  ),
})

export const BuildTests = Type.Object(
  {
    items: list(BuildTest, 'The tests that fail in a job of the build, and the tests that it has fixed'),
    more: Type.Boolean({ description: 'true: more than 500 tests fail, and the list is not complete' }),
    jobs: count('Jobs with test results'),
    total: count('Tests of all these jobs'),
    missing: list(
      Type.Object({
        jobId: jobId('Number of the job'),
        host: Type.String(),
        arch: Type.String(),
        variant: Type.String(),
      }),
      'Jobs that passed without any test, although earlier jobs of their cells had tests',
    ),
  },
  { $id: 'BuildTests', description: 'The failing and the fixed tests of a build' },
)

const testName = { id: id('Number of the test'), suite: Type.String(), name: Type.String() }
export const TestName = Type.Object(testName, { $id: 'TestName', description: 'A test of a project' })
const testCell = { ...testName, host: Type.String(), arch: Type.String(), variant: Type.String() }

export const ProjectTests = Type.Object(
  {
    flaky: list(
      Type.Object({
        ...testCell,
        results: count('The newest results, at most 20'),
        changes: count('How often these changed between passed and failed'),
        failures: count('How many of these failed'),
        lastFailedAt: moment('End of the newest failed attempt'),
        lastFailed: Type.String({ description: 'The newest failed attempt' }),
      }),
      'At most 50 flaky tests of the last 45 days',
    ),
    failing: list(
      Type.Object({
        ...testName,
        failures: count('Failed results'),
        hosts: count('Hosts on which the test failed'),
        lastFailedAt: moment('End of the newest failed attempt'),
      }),
      'At most 50 tests that failed most often in the last 45 days',
    ),
    slowest: list(
      Type.Object({ ...testCell, durationMs: count('Milliseconds'), attempt: Type.String() }),
      'At most 50 slow tests of the newest 50 attempts',
    ),
    items: list(ref(TestName), 'All tests, sorted by suite and name'),
    next: maybeText('Address of the next page; null on the last page'),
  },
  { $id: 'ProjectTests', description: 'The tests of a project' },
)

export const TestHistory = Type.Object(
  {
    ...testName,
    project: Type.String(),
    firstSeenAt: moment('When the farm first stored a result of this test'),
    cells: list(
      Type.Object({
        host: Type.String(),
        arch: Type.String(),
        variant: Type.String(),
        results: list(
          Type.Object({
            attempt: Type.String(),
            jobId: jobId('Number of the job'),
            buildId: id('Number of the build'),
            commit: Type.String(),
            branch: maybeText('Branch of the job'),
            outcome,
            tries: Type.Integer({ minimum: 1 }),
            durationMs: maybeInteger('Milliseconds'),
            message: maybeText('The first 300 characters'),
            finishedAt: moment('End of the attempt'),
          }),
          'The newest 20 results, newest first',
        ),
      }),
      'A page of the hosts, arches and variants that ran the test, sorted by their names',
    ),
    total: count('Cells that ran the test, at most 300'),
    failing: count('Cells whose newest result is a failure'),
    more: Type.Boolean({ description: 'true: the test ran in more than 300 cells' }),
    next: maybeText('Address of the next page; null on the last page'),
  },
  { $id: 'TestHistory', description: 'One test on all hosts' },
)

const format = Type.Optional(oneOf(['json', 'csv'], 'Format of the answer. Default: json'))
const cursor = Type.Optional(Type.String({ maxLength: 200, description: 'From next' }))

const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default: 50' }))

export const TestFormat = Type.Object({ format }, { additionalProperties: false })
export const TestHistoryFilter = Type.Object({ format, cursor, limit }, { additionalProperties: false })
export const JobTestFilter = Type.Object(
  {
    format: bulkFormat('csv'),
    cursor,
    limit,
    outcome: Type.Optional(oneOf(outcomes, 'Only tests with this outcome')),
  },
  { additionalProperties: false },
)
export const ProjectTestFilter = Type.Object(
  {
    format: bulkFormat('csv'),
    cursor,
    q: Type.Optional(Type.String({ maxLength: 200, description: 'Only tests whose suite or name contains this text' })),
  },
  { additionalProperties: false },
)
export const ProjectTestParam = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 64 }),
  /** A number that is too large is valid. The farm finds nothing with this number. */
  id: Type.Integer({ minimum: 1, description: 'Number of the test' }),
})
