import { expect } from 'vitest'
import { farmTest } from './farm-test.ts'

const repository = 'https://forge.example/sample.git'
const at = new Date('2024-05-06T07:08:09Z')

/** The commits of a line, oldest first: each letter is a commit, and its parent is the letter before it. */
const line = (letters: string) =>
  [...letters].map((letter, index) => ({
    commit: letter,
    parent: letters[index - 1] ?? null,
    author: `Author ${letter}`,
    subject: `Subject ${letter}`,
    committedAt: at,
  }))

farmTest('the commits between two commits are those after the first one, newest first', async ({ farm }) => {
  await farm.commits.store(repository, line('abcde'))
  const range = (after: string | null, until: string, limit?: number) =>
    farm.commits.between({ repository, after, until, ...(limit === undefined ? {} : { limit }) })

  const found = await range('b', 'd')
  expect(found.commits.map(({ commit, author }) => [commit, author])).toEqual([
    ['d', 'Author d'],
    ['c', 'Author c'],
  ])
  expect(found.complete).toBe(true)
  expect(await range('d', 'd')).toEqual({ commits: [], complete: true })
  expect(await range(null, 'c')).toMatchObject({ commits: [{}, {}, {}], complete: true })
  expect(await range('e', 'c'), 'the commit is not an ancestor').toMatchObject({ complete: false })
  expect(await range('a', 'e', 2), 'more commits than the limit').toMatchObject({ commits: [{}, {}], complete: false })
  expect(await range('a', 'unknown')).toEqual({ commits: [], complete: false })
})

farmTest('a stored commit gets its parent later, and the address is stored without its password', async ({ farm }) => {
  const secret = 'https://user:pass@forge.example/sample.git'
  const [first] = line('b')
  await farm.commits.store(secret, [{ ...(first as typeof first & object), parent: null }])
  expect(await farm.commits.isKnown(secret, 'b')).toBe(false)
  await farm.commits.store(secret, line('ab'))
  expect(await farm.commits.isKnown(secret, 'b')).toBe(true)
  expect(await farm.commits.between({ repository: secret, after: 'a', until: 'b' })).toMatchObject({ complete: true })
})
