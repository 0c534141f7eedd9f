import type { AttemptPurpose, Verdict } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { defaultAttempt } from './default-attempt.ts'

type Attempt = [AttemptPurpose, Verdict | null]

test.each<[string, Attempt[], number]>([
  ['one attempt', [['build', null]], 1],
  [
    'a failure that is being confirmed',
    [
      ['confirm', null],
      ['build', 'failed'],
    ],
    1,
  ],
  [
    'a failure whose confirmation was lost',
    [
      ['confirm', 'lost'],
      ['build', 'failed'],
    ],
    1,
  ],
  [
    'a confirmed failure',
    [
      ['confirm', 'failed'],
      ['build', 'failed'],
    ],
    2,
  ],
  [
    'a failure that did not happen again',
    [
      ['confirm', 'passed'],
      ['build', 'failed'],
    ],
    2,
  ],
  [
    'a job that runs again',
    [
      ['retry', null],
      ['build', 'failed'],
    ],
    2,
  ],
  [
    'a job that runs again after a loss',
    [
      ['lost', null],
      ['build', 'lost'],
    ],
    2,
  ],
])('the page of %s shows the right attempt', (_name, given, number) => {
  const attempts = given.map(([purpose, verdict], index) => ({ purpose, verdict, number: given.length - index }))
  expect(defaultAttempt(attempts)?.number).toBe(number)
})
