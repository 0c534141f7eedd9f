import { expect, test } from 'vitest'
import { conflictsOf } from './conflicts.rule.ts'

const one = { name: 'one:8080', queues: 'redis', storage: 'directory 1', secretSum: 'a' } as const
const two = { ...one, name: 'two:8080' }

test('servers with the same secret, queues and storage can run beside each other', () => {
  expect(conflictsOf(one, two)).toEqual([])
})

const differences = [
  [{ secretSum: 'b' }, /^its FARM_SECRET is not that of two:8080: give all servers the same FARM_SECRET/],
  [{ queues: 'postgres' }, /^this server has a REDIS_URL and two:8080 has none: give all servers the same REDIS_URL/],
  [{ storage: 'directory 2' }, /^its storage is not that of two:8080: servers share one data directory/],
] as const

for (const [difference, text] of differences) {
  test(`a difference in ${Object.keys(difference)} is a conflict`, () => {
    expect(conflictsOf(one, { ...two, ...difference })).toEqual([expect.stringMatching(text)])
  })
}

test('the message names the server that has no REDIS_URL', () => {
  const [text] = conflictsOf({ ...one, queues: 'postgres' }, two)
  expect(text).toMatch(/^two:8080 has a REDIS_URL and this server has none/)
})
