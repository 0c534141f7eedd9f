import { expect, test } from 'vitest'
import { failures, type Result, successes, tableOf, withTable } from './table.ts'

const round = (shell: string, client: string, scenario: string, how: Partial<Result> = {}): Result => ({
  shell,
  client,
  scenario,
  ...how,
})

const results = [
  round('dash', 'curl', 'one'),
  round('dash', 'curl', 'two'),
  round('dash', 'wget', 'one'),
  round('dash', 'wget', 'two'),
  round('posh', 'curl', 'one', { missing: 'posh' }),
  round('dash', 'curl', 'one', { passed: true }),
  round('dash', 'curl', 'two', { passed: true }),
  round('dash', 'wget', 'one', { passed: true }),
  round('dash', 'wget', 'two', { passed: false }),
]

test('a cell of the table shows how many scenarios passed, and lists the others', () => {
  expect(tableOf(results).split('\n')).toEqual([
    '| shell | curl | wget |',
    '| --- | --- | --- |',
    '| dash | 2/2 | 1/2<br>two |',
    '| posh | not here |  |',
  ])
})

test('a failed or unfinished round is a failure, and a round that this machine cannot run is no failure', () => {
  expect(failures(results)).toEqual(['dash, wget: two'])
  expect(failures([...results, round('mksh', 'curl', 'one')])).toEqual(['dash, wget: two', 'mksh, curl: one'])
})

test('if two runs play the same round, the round counts once, and as passed if one run passed', () => {
  const again = [...results, round('dash', 'wget', 'two'), round('dash', 'wget', 'two', { passed: true })]
  expect(failures(again)).toEqual([])
  expect(successes(again)).toEqual(['dash, curl: one', 'dash, curl: two', 'dash, wget: one', 'dash, wget: two'])
})

test('the new table replaces the old table, and the rest of the page does not change', () => {
  const page = 'before\n<!-- conformance -->\nold\n<!-- /conformance -->\nafter\n'
  const written = withTable(page, 'new')
  expect(written).toBe('before\n<!-- conformance -->\nnew\n<!-- /conformance -->\nafter\n')
  expect(withTable(written, 'new')).toBe(written)
  expect(() => withTable('a page', 'new')).toThrow(/lacks its marks/)
})
