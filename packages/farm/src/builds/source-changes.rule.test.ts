import { expect, test } from 'vitest'
import { type BuildSource, changedSources, commitsIn } from './source-changes.rule.ts'

const source = (name: string, commit: string, repository = `/srv/${name}`): BuildSource => ({
  name,
  repository,
  commit,
})

test.each([
  { title: 'equal commits', before: [source('x', 'a')], after: [source('x', 'a')], changed: [] },
  { title: 'a new commit', before: [source('x', 'a')], after: [source('x', 'b')], changed: ['x a b'] },
  {
    title: 'only the further source',
    before: [source('x', 'a'), source('src', '1')],
    after: [source('x', 'a'), source('src', '2')],
    changed: ['src 1 2'],
  },
  {
    title: 'a new source',
    before: [source('x', 'a')],
    after: [source('x', 'a'), source('y', '1')],
    changed: ['y null 1'],
  },
  { title: 'another repository', before: [source('x', 'a')], after: [source('x', 'a', '/new')], changed: ['x null a'] },
  { title: 'a removed source', before: [source('x', 'a'), source('y', '1')], after: [source('x', 'a')], changed: [] },
])('$title: the changed sources are $changed', ({ before, after, changed }) => {
  const found = changedSources(before, after).map(({ name, before: from, after: to }) => `${name} ${from} ${to}`)
  expect(found).toEqual(changed)
})

test.each([
  { totals: [], all: 0 },
  { totals: [7], all: 7 },
  { totals: [7, 2], all: 9 },
  { totals: [7, null], all: null },
])('ranges of $totals commits have $all commits', ({ totals, all }) =>
  expect(commitsIn(totals.map(total => ({ total, commits: [] })))).toBe(all),
)
