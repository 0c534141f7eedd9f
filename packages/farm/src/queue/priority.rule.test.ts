import { buildCauses } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { priorityOf } from './priority.rule.ts'

test('a job by hand runs before a push, a push before a schedule, and a bisection last', () => {
  const inOrder = [...buildCauses].sort((one, other) => priorityOf(other) - priorityOf(one))
  expect(inOrder).toEqual(['hand', 'push', 'poll', 'source', 'schedule', 'bisection'])
})
