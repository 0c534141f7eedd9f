import { expect, test } from 'vitest'
import { RecentChanges } from './recent-changes.ts'

test('a client counts as one that changed something for ten seconds after its last change', () => {
  const changes = new RecentChanges()
  changes.note('ada', 0)
  changes.note('ada', 5_000)
  expect([14_999, 15_000].map(now => changes.has('ada', now))).toEqual([true, false])
  expect(changes.has('bob', 0)).toBe(false)
})

test('the newest 10,000 clients are remembered', () => {
  const changes = new RecentChanges()
  for (let client = 0; client <= 10_000; client++) changes.note(String(client), 0)
  expect(['0', '1', '10000'].map(client => changes.has(client, 1))).toEqual([false, true, true])
})
