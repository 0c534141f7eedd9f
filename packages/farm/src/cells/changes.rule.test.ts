import { expect, test } from 'vitest'
import { changedFacts, changedParts } from './changes.rule.ts'

test.each([
  { title: 'nothing', before: { uname_r: '9.0' }, after: { uname_r: '9.0' }, changes: [] },
  { title: 'a value', before: { uname_r: '9.0' }, after: { uname_r: '9.1' }, changes: ['uname_r: 9.0 → 9.1'] },
  { title: 'a new fact', before: {}, after: { tool_gmake: '4.3' }, changes: ['tool_gmake:  → 4.3'] },
  { title: 'a lost fact', before: { libc: 'glibc 2.36' }, after: {}, changes: ['libc: glibc 2.36 → '] },
  {
    title: 'the compiler of the arch',
    before: { 'compiler amd64': 'cc 1', 'compiler arm': 'cc 1' },
    after: { 'compiler amd64': 'cc 2', 'compiler arm': 'cc 3' },
    changes: ['compiler amd64: cc 1 → cc 2'],
  },
  { title: 'facts that the farm did not keep', before: null, after: { uname_r: '9.1' }, changes: [] },
])('$title: the changed facts are $changes', ({ before, after, changes }) =>
  expect(changedFacts(before, after, 'amd64').map(c => `${c.name}: ${c.before} → ${c.after}`)).toEqual(changes),
)

test('a long value is cut, and at most 50 facts are shown', () => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`fact_${index}`, 'x'.repeat(500)]))
  const changes = changedFacts({}, many, 'amd64')
  expect(changes.length).toBe(50)
  expect(changes[0]?.after.length).toBe(201)
})

test('the changed parts of a recipe are the keys whose values differ', () => {
  const recipe = { steps: [{ name: 'build', run: 'make' }], env: { A: '1' }, path: null }
  expect(changedParts(recipe, recipe)).toEqual([])
  expect(changedParts(recipe, { ...recipe, env: { A: '2' }, artifacts: [] })).toEqual(['artifacts', 'env'])
})
