import { expect, test } from 'vitest'
import { tallyOf as playwrightTally } from './playwright.ts'
import { add, isGreen, lastLine } from './tally.ts'
import { tallyOf as vitestTally } from './vitest.ts'

const file = (status: string, statuses: ('passed' | 'failed' | 'skipped')[]) => ({
  name: 'a.test.ts',
  status,
  message: '',
  assertionResults: statuses.map((each, number) => ({ fullName: `test ${number}`, status: each })),
})

test.each([
  { name: 'two passed tests', files: [file('passed', ['passed', 'passed'])], exit: 0, passed: 2, failed: 0 },
  { name: 'a passed and a failed test', files: [file('failed', ['passed', 'failed'])], exit: 1, passed: 1, failed: 1 },
  { name: 'a file that does not load', files: [file('failed', [])], exit: 1, passed: 0, failed: 1 },
  { name: 'an error outside of tests', files: [file('passed', ['passed'])], exit: 1, passed: 1, failed: 1 },
])('for a report with $name, the tally has $passed passed and $failed failed', ({ files, exit, passed, failed }) => {
  expect(vitestTally({ success: exit === 0, testResults: files }, exit)).toMatchObject({ passed, failed })
})

test('the tally lists a skipped test and counts it neither as passed nor as failed', () => {
  const report = { success: true, testResults: [file('passed', ['passed', 'skipped'])] }
  expect(vitestTally(report, 0)).toEqual({ passed: 1, failed: 0, skipped: ['test 1'] })
})

const spec = (status: 'expected' | 'unexpected' | 'flaky' | 'skipped') => ({ title: status, tests: [{ status }] })

test('the tally adds the nested suites of Playwright, and counts a flaky test as failed', () => {
  const inner = { title: 'inner', specs: [spec('unexpected'), spec('flaky'), spec('skipped')] }
  const report = { suites: [{ title: 'outer', specs: [spec('expected')], suites: [inner] }], errors: [] }
  expect(playwrightTally(report, 1)).toEqual({ passed: 1, failed: 2, skipped: ['skipped'] })
})

test('if the browser does not start, the tally counts a failure', () => {
  expect(playwrightTally({ suites: [], errors: [{ message: 'no browser' }] }, 1)).toMatchObject({
    passed: 0,
    failed: 1,
  })
})

test('the last line shows the totals; a run is green only if at least one test passed and none failed', () => {
  const sum = add({ passed: 2, failed: 0, skipped: [] }, { passed: 1, failed: 1, skipped: ['x'] })
  expect(lastLine(sum)).toBe('3 passed, 1 failed')
  expect([sum, { ...sum, failed: 0 }, { passed: 0, failed: 0, skipped: [] }].map(isGreen)).toEqual([false, true, false])
})
