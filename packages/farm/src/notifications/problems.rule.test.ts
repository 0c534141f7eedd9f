import { expect, test } from 'vitest'
import { type CellResult, moveOf, problemKey } from './problems.rule.ts'

const cell = (changes: Partial<CellResult>): CellResult => ({
  state: 'newly-failing',
  verdict: 'failed',
  failedStep: 'build',
  fingerprint: 'f1',
  pending: false,
  ...changes,
})

const stay = { kind: 'stay' }
const leave = { kind: 'leave', why: 'passed' }
const join = (key: string) => ({ kind: 'join', key })

test.each<[string, Partial<CellResult>, string | null, unknown]>([
  ['a confirmed new failure joins', {}, null, join('f1')],
  ['an unconfirmed failure waits', { state: 'newly-failing-unconfirmed' }, null, stay],
  ['a failure waits for its examination', { pending: true, fingerprint: null }, null, stay],
  ['a failure without a fingerprint joins by step', { fingerprint: null }, null, join('failed build')],
  ['a second failing commit before the confirmation joins', { state: 'still-failing' }, null, join('f1')],
  ['the same failure changes nothing', { state: 'still-failing' }, 'f1', stay],
  ['another failure changes the problem', { state: 'failing-differently', fingerprint: 'f2' }, 'f1', join('f2')],
  [
    'another failure waits for its examination',
    { state: 'failing-differently', fingerprint: null, pending: true },
    'f1',
    stay,
  ],
  ['a cell that never passed joins nothing', { state: 'failing' }, null, stay],
  ['a flaky failure joins nothing', { state: 'flaky' }, null, stay],
  ['a flaky failure stays in its problem', { state: 'flaky' }, 'f1', stay],
  ['a pass leaves', { state: 'fixed', verdict: 'passed', failedStep: null, fingerprint: null }, 'f1', leave],
  ['a pass of the same commit leaves', { state: 'flaky', verdict: 'passed' }, 'f1', leave],
  ['a pass without a problem changes nothing', { state: 'passing', verdict: 'passed' }, null, stay],
  ['a lost attempt changes nothing', { state: 'unknown', verdict: 'lost' }, 'f1', stay],
])('%s', (_, changes, open, expected) => expect(moveOf(cell(changes), open)).toEqual(expected))

test('a timeout and a failure of the same step without fingerprints are two problems', () => {
  const timeout = problemKey({ verdict: 'timed-out', failedStep: 'build', fingerprint: null })
  expect(timeout).not.toBe(problemKey({ verdict: 'failed', failedStep: 'build', fingerprint: null }))
})
