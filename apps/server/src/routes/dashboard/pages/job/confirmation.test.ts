import { expect, test } from 'vitest'
import { confirmationText } from './confirmation.ts'

type Attempt = Parameters<typeof confirmationText>[0]

const attempt = (number: number, changes: Partial<Attempt>): Attempt => ({
  number,
  state: 'finished',
  verdict: 'failed',
  failedStep: 'build',
  fingerprint: 'f1',
  purpose: number === 1 ? 'build' : 'confirm',
  ...changes,
})
const passed = { verdict: 'passed', failedStep: null, fingerprint: null } as const
const open = (state: 'queued' | 'running') => ({ state, verdict: null, failedStep: null, fingerprint: null }) as const
const [failure, queued, running] = [{}, open('queued'), open('running')]

test.each<[string, Partial<Attempt>[], number, string | undefined]>([
  ['one failure', [failure], 1, undefined],
  ['a pass', [passed], 1, undefined],
  [
    'a failure that is repeated',
    [failure, queued],
    1,
    'The failure is not confirmed yet. Attempt 2 repeats the job (queued).',
  ],
  [
    'the repeated job',
    [failure, running],
    2,
    'Attempt 1 failed at build. This attempt repeats the job, to confirm the failure.',
  ],
  ['a confirmed failure', [failure, failure], 1, 'The failure is confirmed: attempt 2 failed in the same way.'],
  ['the confirming failure', [failure, failure], 2, 'Attempt 1 failed in the same way.'],
  [
    'another failure',
    [failure, { fingerprint: 'f2' }],
    1,
    'The failure is not confirmed: attempt 2 failed in another way.',
  ],
  [
    'a lost repetition',
    [failure, { verdict: 'lost', failedStep: null }],
    1,
    'The failure is not confirmed: attempt 2 was lost.',
  ],
  ['a pass after a failure', [failure, passed], 2, 'Passed on attempt 2. Attempt 1 failed at build.'],
  ['a failure before a pass', [failure, passed], 1, 'Attempt 2 of this job passed, so the failure is not certain.'],
  [
    'a timeout before a pass',
    [{ verdict: 'timed-out' }, passed],
    2,
    'Passed on attempt 2. Attempt 1 timed out at build.',
  ],
  ['a pass before a failure', [passed, { purpose: 'retry' }], 1, 'Attempt 2 of this job failed at build.'],
  [
    'a failure after a pass',
    [passed, { purpose: 'retry' }],
    2,
    'Attempt 1 of this job passed, so the failure is not certain.',
  ],
  ['a retry after a loss', [{ verdict: 'lost' }, { ...running, purpose: 'lost' }], 2, undefined],
  [
    'a probe',
    [{ ...running, purpose: 'probe' }],
    1,
    'This job is a probe of a bisection. Its result does not change the matrix.',
  ],
])('the page of %s explains the attempts', (_name, changes, shown, words) => {
  const attempts = changes.map((change, index) => attempt(index + 1, change)).reverse()
  expect(confirmationText(attempts.find(({ number }) => number === shown) as Attempt, attempts)).toBe(words)
})
