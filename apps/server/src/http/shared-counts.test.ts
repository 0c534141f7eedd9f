import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestRedis } from '../../../../test/support/redis.ts'
import { openSharedCounts, pagesKey } from './shared-counts.ts'

const directory = mkdtempSync(join(tmpdir(), 'shared-counts-'))
const lines: string[] = []
const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
let redis: TestRedis
let client: Redis

beforeAll(async () => {
  redis = await TestRedis.open(directory)
  client = new Redis(redis.url, { maxRetriesPerRequest: null, enableOfflineQueue: false })
  client.on('error', () => {})
  await new Promise(resolve => client.once('ready', resolve))
})

afterAll(async () => {
  client.disconnect()
  await redis.stop()
  rmSync(directory, { recursive: true })
})

const server = (name: string) => openSharedCounts(client, name, log)

test('servers count the requests of an address together, for a minute', async () => {
  const [one, two] = [server('one'), server('two')]
  expect((await one.request('api:192.0.2.1')).count).toBe(1)
  const { count, leftMs } = await two.request('api:192.0.2.1')
  expect(count).toBe(2)
  expect(leftMs).toBeGreaterThan(50_000)
  expect(leftMs).toBeLessThanOrEqual(60_000)
  expect((await two.request('api:192.0.2.2')).count).toBe(1)
})

test('servers count the live pages of a client together', async () => {
  const [one, two] = [server('one'), server('two')]
  expect(await one.pages('address a', 2, 3)).toBe(true)
  expect(await two.pages('address a', 1, 3)).toBe(true)
  expect(await two.pages('address a', 2, 3)).toBe(false)
  expect(await one.pages('address a', 3, 3)).toBe(false)
  expect(await two.pages('address b', 3, 3)).toBe(true)
  expect(await one.pages('address a', 0, 3)).toBe(true)
  expect(await two.pages('address a', 3, 3)).toBe(true)
})

test('the pages of a server that has ended stop to count', async () => {
  const two = server('two')
  const key = pagesKey('address c')
  expect(await server('dead').pages('address c', 3, 3)).toBe(true)
  expect(await two.pages('address c', 1, 3)).toBe(false)
  const [, until] = ((await client.hget(key, 'dead')) ?? '').split(' ')
  await client.hset(key, 'dead', `3 ${Number(until) - 61_000}`)
  expect(await two.pages('address c', 1, 3)).toBe(true)
  expect(await client.hkeys(key)).toEqual(['two'])
})

test('while Redis does not answer, the counts reject at once, and the log says it once', async () => {
  const one = server('one')
  await redis.stop()
  await expect(one.request('api:192.0.2.1')).rejects.toThrow()
  const begun = performance.now()
  for (let i = 0; i < 100; i++) await expect(one.pages('address a', 1, 3)).rejects.toThrow()
  expect(performance.now() - begun).toBeLessThan(1_000)
  expect(lines.filter(line => /each server limits requests/.test(line))).toHaveLength(1)
})
