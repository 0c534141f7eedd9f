import { expect, test } from 'vitest'
import { readResults as readPlaywright } from './playwright.ts'
import { failure, firstLines, isGreen, lastLine, reportJson, reportText, type TestResult } from './results.ts'
import { readResults as readVitest } from './vitest.ts'

const result = (name: string, status: TestResult['status'], more: Partial<TestResult> = {}): TestResult => ({
  file: 'a.test.ts',
  name,
  status,
  error: status === 'failed' ? `Error: ${name}` : '',
  ...more,
})
const passed = result('one', 'passed')
const failed = result('two', 'failed')

test.each([
  { name: 'passed tests', report: [passed], exit: 0, line: '1 passed, 0 failed' },
  { name: 'a failed test', report: [passed, failed], exit: 1, line: '1 passed, 1 failed' },
  { name: 'an error while vitest ends', report: [passed], exit: 1, line: '1 passed, 1 failed' },
  { name: 'no report', report: undefined, exit: 137, line: '0 passed, 1 failed' },
])('for $name, vitest has $line', ({ report, exit, line }) => {
  expect(lastLine(readVitest(report && JSON.stringify(report), exit))).toBe(line)
})

const spec = (status: 'expected' | 'unexpected' | 'flaky' | 'skipped') => ({
  title: status,
  tests: [{ status, results: [{ errors: status === 'unexpected' ? [{ message: 'Error: no button' }] : [] }] }],
})

test('the results have the tests of nested suites of Playwright with their errors; a flaky test counts as failed', () => {
  const inner = { title: 'inner', specs: [spec('unexpected'), spec('flaky'), spec('skipped')] }
  const report = { suites: [{ title: 'job.e2e.ts', specs: [spec('expected')], suites: [inner] }], errors: [] }
  expect(readPlaywright(report, false)).toMatchObject([
    { file: 'test/e2e/job.e2e.ts', name: 'expected', status: 'passed' },
    { file: 'test/e2e/job.e2e.ts', name: 'inner unexpected', status: 'failed', error: 'Error: no button' },
    { name: 'inner flaky', status: 'failed' },
    { name: 'inner skipped', status: 'skipped' },
  ])
})

test.each([
  { name: 'the browser does not start', errors: [{ message: 'no browser' }] },
  { name: 'the report has no error', errors: [] },
])('if $name, Playwright has a failed test', ({ errors }) => {
  expect(lastLine(readPlaywright({ suites: [], errors }, false))).toBe('0 passed, 1 failed')
})

test('a run is green only if at least one test passed and none failed', () => {
  expect([[passed, failed], [passed], []].map(isGreen)).toEqual([false, true, false])
})

test('the end of the output has the tests that passed only in the second run, the failures, and the totals', () => {
  const unsteady = result('slow', 'passed', { firstError: 'Error: timed out\nat a.test.ts:3' })
  const results = [passed, unsteady, failed, failure('shellcheck', 'line 3:\n\n  SC2086'), result('x', 'skipped')]
  expect(reportText(results)).toBe(`\
1 test passed only in the second run. Each of them is a defect to find: it failed beside the other tests.
UNSTEADY  a.test.ts: slow
    Error: timed out
    at a.test.ts:3

FAILED  a.test.ts: two
    Error: two
FAILED  shellcheck
    line 3:
      SC2086

2 passed, 2 failed`)
  expect(reportJson(results)).toMatchObject({
    passed: 2,
    failed: 2,
    skipped: 1,
    passedOnlyInTheSecondRun: [{ file: 'a.test.ts', name: 'slow' }],
    failures: [{ name: 'two' }, { name: 'shellcheck' }],
  })
})

test('the end of the output has at most 50 failures', () => {
  const text = reportText(Array.from({ length: 60 }, (_, number) => result(`test ${number}`, 'failed')))
  expect(text.match(/^FAILED/gm)).toHaveLength(50)
  expect(text).toContain('and 10 more; see above\n\n0 passed, 60 failed')
})

test('an error has its first eight lines, without colours', () => {
  const text = Array.from({ length: 20 }, (_, number) => `\u001b[31mline ${number}\u001b[39m`).join('\n\n')
  expect(firstLines(text).split('\n')).toEqual(Array.from({ length: 8 }, (_, number) => `line ${number}`))
})
