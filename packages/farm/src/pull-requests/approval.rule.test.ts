import type { ForkRule } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { type Approval, firstApproval, laterApproval, mayBuild, nextRead } from './approval.rule.ts'

test.each<[boolean, ForkRule, Approval]>([
  [false, 'approve', 'not-needed'],
  [false, 'never', 'not-needed'],
  [false, 'always', 'not-needed'],
  [true, 'approve', 'waiting'],
  [true, 'never', 'refused'],
  [true, 'always', 'not-needed'],
])('fork: %s, from-forks: %s: a new commit is %s', (fork, rule, expected) => {
  expect(firstApproval(fork, rule)).toBe(expected)
})

test.each<[Approval, boolean, boolean, ForkRule, Approval]>([
  ['approved', true, true, 'approve', 'approved'],
  ['refused', true, true, 'always', 'refused'],
  ['approved', true, true, 'never', 'refused'],
  ['not-needed', false, true, 'approve', 'waiting'],
  ['waiting', false, true, 'always', 'not-needed'],
  ['waiting', false, false, 'approve', 'not-needed'],
])('%s (by a person: %s), fork: %s, from-forks: %s: the commit is %s', (before, decided, fork, rule, expected) => {
  expect(laterApproval(before, decided, fork, rule)).toBe(expected)
})

test('only an approved commit, or one that needs no approval, may be built', () => {
  expect((['not-needed', 'waiting', 'approved', 'refused'] as const).filter(mayBuild)).toEqual([
    'not-needed',
    'approved',
  ])
})

test('the farm tries again to read a request, with longer waits, and then gives up', () => {
  const now = new Date(0)
  expect([1, 2, 6, 11, 12].map(tries => nextRead(tries, now)?.getTime())).toEqual([
    10e3,
    30e3,
    3600e3,
    3600e3,
    undefined,
  ])
})
