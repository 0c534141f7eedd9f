import { expect, test } from 'vitest'
import { attemptName, parseAttemptName } from './attempts.ts'
import { readSteps, writeSteps } from './steps.ts'

test.each([
  ['', []],
  ['0:12:130', [[0, 12, 130]]],
  [
    '0:12:130,2:4000:9931',
    [
      [0, 12, 130],
      [2, 4000, 9931],
    ],
  ],
  [
    '143:1:2,271:1:2,399:1:2',
    [
      [143, 1, 2],
      [143, 1, 2],
      [143, 1, 2],
    ],
  ], // SIGTERM in three shells
])('the farm reads the steps %j', (text, expected) => {
  expect(readSteps(text)?.map(step => [step.exit, step.milliseconds, step.logBytes])).toEqual(expected)
})

test.each(['0', '0:1', '0:1:2:3', '0:1:2,', 'x:1:2', '0:-1:2', '0:1:1000000000', `${'0:1:1,'.repeat(64)}0:1:1`])(
  'the farm refuses the steps %j',
  text => {
    expect(readSteps(text)).toBeUndefined()
  },
)

test('if the farm writes steps and reads them again, they do not change', () => {
  const steps = [
    { exit: 0, milliseconds: 5, logBytes: 6 },
    { exit: 2, milliseconds: 7, logBytes: 80 },
  ]
  expect(readSteps(writeSteps(steps))).toEqual(steps)
})

test.each([
  ['4711.1', { jobId: 4711, number: 1 }],
  ['4711', undefined],
  ['0.1', undefined],
  ['1.01', undefined],
  ['../1.1', undefined],
  ['1.1.1', undefined],
])('the parser reads the attempt name %j as %j', (text, attempt) => {
  expect(parseAttemptName(text)).toEqual(attempt)
  if (attempt) expect(attemptName(attempt)).toBe(text)
})
