import { expect } from 'vitest'
import { commitOf, farmTest, project } from './farm-test.ts'

farmTest('a search finds builds by their number and by the start of their commit', async ({ farm }) => {
  await farm.configure(project(), project({ name: 'other' }))
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.build(commitOf('b'))
  const found = async (text: string, name?: string) =>
    (await farm.builds.search({ text, project: name, limit: 50 })).map(({ id }) => id)

  expect(await found('2')).toEqual([2])
  expect(await found('#1')).toEqual([1])
  expect(await found(commitOf('a').slice(0, 4))).toEqual([1])
  expect(await found(commitOf('b').toUpperCase())).toEqual([2])
  expect(await found(commitOf('b'), 'other')).toEqual([])
  expect(await found('abc')).toEqual([]) // too short for a commit
  expect(await found("a' OR 1=1")).toEqual([])
})

farmTest('a search finds hosts by a part of their name or system', async ({ farm }) => {
  for (const name of ['vax', 'vaxstation', 'sun']) await farm.host(name)
  const found = async (text: string) => (await farm.hosts.list({ text, limit: 50 })).map(({ name }) => name)

  expect(await found('VAX')).toEqual(['vax', 'vaxstation'])
  expect(await found('station')).toEqual(['vaxstation'])
  expect(await found('nothing')).toEqual([])
  expect(await found('%')).toEqual([])
})
