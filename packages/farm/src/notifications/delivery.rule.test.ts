import { expect, test } from 'vitest'
import { type DueRow, giveUpSeconds, groupRows, waitsSeconds } from './delivery.rule.ts'

const row = (id: number, changes: Partial<DueRow> = {}): DueRow => ({
  id,
  event: 'newly-failing',
  projectName: 'sample',
  branch: 'main',
  channel: 'c1',
  bundle: null,
  tries: 0,
  ...changes,
})
const many = (count: number, changes: Partial<DueRow> = {}) =>
  Array.from({ length: count }, (_, index) => row(index + 1, changes))
const shapes = (rows: DueRow[]) => groupRows(rows).map(group => [group.bundle, group.rows.map(({ id }) => id)])

test.each<[string, DueRow[], unknown]>([
  ['five messages stay separate', many(5), [1, 2, 3, 4, 5].map(id => [null, [id]])],
  ['six messages become one', many(6), [[1, [1, 2, 3, 4, 5, 6]]]],
  [
    'two branches are not mixed',
    [...many(3), row(4, { branch: 'dev' }), row(5, { branch: 'dev' }), row(6, { branch: 'dev' })],
    [1, 2, 3, 4, 5, 6].map(id => [null, [id]]),
  ],
  ['two channels are not mixed', [...many(5), row(6, { channel: 'c2' })], [1, 2, 3, 4, 5, 6].map(id => [null, [id]])],
  ['messages about hosts stay separate', many(6, { projectName: null }), [1, 2, 3, 4, 5, 6].map(id => [null, [id]])],
  ['a repeated message stays alone', many(6, { tries: 1 }), [1, 2, 3, 4, 5, 6].map(id => [null, [id]])],
  [
    'a repeated summary keeps its rows',
    [...many(7, { bundle: 1, tries: 1 }), row(8)],
    [
      [1, [1, 2, 3, 4, 5, 6, 7]],
      [null, [8]],
    ],
  ],
])('%s', (_, rows, expected) => expect(shapes(rows)).toEqual(expected))

test('1,000 messages become one', () => expect(groupRows(many(1000))).toHaveLength(1))

test('the farm tries at least ten times within the day', () => {
  let at = 0
  let tries = 0
  while (at < giveUpSeconds) at += waitsSeconds[Math.min(tries++, waitsSeconds.length - 1)] ?? 0
  expect(tries).toBeGreaterThanOrEqual(10)
})
