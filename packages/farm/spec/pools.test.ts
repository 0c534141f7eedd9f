import { test as base, expect, vi } from 'vitest'
import { freezablePostgres } from '../../../test/support/freezable-postgres.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { asReader, asTask, identifyReader, untilAborted, withoutDeadline } from '../src/db/callers.ts'
import { isGivenUp, isOwnDoing } from '../src/db/errors.ts'
import { openPools, type Pools } from '../src/db/pools.ts'

const test = base.extend<{ url: string; pools: Pools }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires the pattern
  url: async ({}, use) => {
    const database = await createTestDatabase()
    await use(database.url)
    await database.drop()
  },
  pools: async ({ url }, use) => {
    const pools = openPools({ databaseUrl: url })
    await use(pools)
    await pools.close()
  },
})

const forever = new AbortController().signal
const read = <Result>(run: () => Result, client = 'address 192.0.2.1', signal = forever) =>
  asReader(client, signal, run)
const sleep = (pools: Pools, seconds: number) => pools.own.query`SELECT pg_sleep(${seconds}::float8)`
const problemOf = (query: Promise<unknown>): Promise<unknown> => query.then(() => undefined).catch(error => error)

/** How many statements with pg_sleep PostgreSQL runs now. */
const sleeping = async ({ tasks }: Pools): Promise<number> =>
  (
    await tasks.query`SELECT 1 FROM pg_stat_activity
       WHERE state = 'active' AND query LIKE '%pg_sleep(%' AND datname = current_database() AND pid <> pg_backend_pid()`
  ).length
const until = (pools: Pools, number: number) =>
  vi.waitFor(async () => expect(await sleeping(pools)).toBe(number), { timeout: 20_000, interval: 20 })

test('requests that only read, tasks and all other callers use different connections', async ({ pools }) => {
  const waiting = [read(() => sleep(pools, 2)), asTask(() => sleep(pools, 2)), sleep(pools, 2)]
  await until(pools, 3)
  const used = Object.entries(pools.use()).map(([name, { used }]) => [name, used])
  expect(used).toEqual([
    ['main', 1],
    ['pages', 1],
    ['lookups', 0],
    ['tasks', 1],
  ])
  await Promise.all(waiting)
})

test('one client uses four of six connections; another client reads, and commands do not wait', async ({ pools }) => {
  const gone = new AbortController()
  const slow = Array.from({ length: 20 }, () => problemOf(read(() => sleep(pools, 60), undefined, gone.signal)))
  await until(pools, 4)
  expect(await read(() => pools.own.query`SELECT 1 AS "one"`, 'address 192.0.2.2')).toEqual([{ one: 1 }])
  expect(await pools.own.query`SELECT 1 AS "one"`).toEqual([{ one: 1 }])
  const refused = await Promise.race(slow)
  expect([isGivenUp(refused), isOwnDoing(refused)]).toEqual([true, true])
  gone.abort()
  await Promise.all(slow)
  await until(pools, 0)
})

test('a session and its address are different clients', async ({ pools }) => {
  const gone = new AbortController()
  const slow = Array.from({ length: 8 }, () => problemOf(read(() => sleep(pools, 60), undefined, gone.signal)))
  await until(pools, 4)
  const known = await read(() => {
    identifyReader('session 1')
    return pools.own.query`SELECT 1 AS "one"`
  })
  expect(known).toEqual([{ one: 1 }])
  gone.abort()
  await Promise.all(slow)
})

test('when readers leave, PostgreSQL ends all their statements, also while no connection is free', async ({
  pools,
}) => {
  const gone = new AbortController()
  const clients = ['a', 'b', 'c']
  const slow = clients.flatMap(client =>
    Array.from({ length: 4 }, () => problemOf(read(() => sleep(pools, 60), client, gone.signal))),
  )
  await until(pools, 6)
  gone.abort()
  for (const problem of await Promise.all(slow)) expect(isGivenUp(problem)).toBe(true)
  await until(pools, 0)
  expect(pools.use().pages).toMatchObject({ used: 0, waiting: 0 })
})

test('PostgreSQL also ends a statement of Prisma when its reader leaves', async ({ url, pools }) => {
  const lock = openPools({ databaseUrl: url })
  const gone = new AbortController()
  const held = lock.own.transaction(async tx => {
    await tx.execute`LOCK TABLE "Host" IN ACCESS EXCLUSIVE MODE`
    const query = problemOf(read(async () => await pools.own.models.host.findMany({ take: 1 }), 'a', gone.signal))
    const waits = () => pools.tasks.query`SELECT 1 FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND datname = current_database()`
    await vi.waitFor(async () => expect(await waits()).toHaveLength(1), { timeout: 20_000, interval: 20 })
    gone.abort()
    return query
  })
  expect([isGivenUp(await held), /statement timeout/.test(String(await held))]).toEqual([true, false])
  await lock.close()
})

test('a statement that a reader has left never ends the statement of another reader', async ({ pools }) => {
  for (let round = 0; round < 20; round++) {
    const gone = new AbortController()
    const left = problemOf(read(() => sleep(pools, 0.01), 'a', gone.signal))
    setTimeout(() => gone.abort(), 8 + (round % 5))
    await left
    const others = Array.from({ length: 6 }, (_, index) => read(() => sleep(pools, 0.005), `b${index}`))
    await Promise.all(others)
  }
})

test('a statement of a page ends after three seconds, and all statements of a request after five, but not those of a stream', async ({
  pools,
}) => {
  const begun = Date.now()
  const longer = async () => {
    for (let run = 0; run < 2; run++) await sleep(pools, 1.7)
    return sleep(pools, 1.8)
  }
  const one = read(() => problemOf(sleep(pools, 60)))
  const several = read(async () => {
    await sleep(pools, 1.4)
    await sleep(pools, 1.4)
    return problemOf(sleep(pools, 2.5))
  })
  const stream = read(() => {
    withoutDeadline()
    return longer()
  })
  const shared = read(() => untilAborted(forever, longer), 'b')
  expect(isGivenUp(await one)).toBe(true)
  expect(Date.now() - begun).toBeGreaterThan(2_900)
  expect(isGivenUp(await several)).toBe(true)
  expect(Date.now() - begun).toBeGreaterThan(4_900)
  expect([await stream, await shared].map(({ length }) => length)).toEqual([1, 1])
})

test('a page reports a PostgreSQL that does not respond within five seconds', async ({ url }) => {
  const postgres = await freezablePostgres(url)
  const pools = openPools({ databaseUrl: postgres.url })
  await read(() => sleep(pools, 0))
  void postgres.freeze()
  const begun = Date.now()
  const problem = await read(async () => {
    await problemOf(sleep(pools, 0))
    return problemOf(sleep(pools, 0))
  })
  expect(isGivenUp(problem)).toBe(true)
  expect(Date.now() - begun).toBeLessThan(30_000) // 5.5 s on a machine that is not busy
  await postgres.close()
  await pools.close()
})

test('when the connection of a server breaks, PostgreSQL ends its statements, also those without a short limit', async ({
  url,
  pools,
}) => {
  const server = await freezablePostgres(url)
  const other = openPools({ databaseUrl: server.url })
  const running = problemOf(asTask(() => sleep(other, 60)))
  await until(pools, 1)
  server.breakConnections()
  await until(pools, 0)
  await running
  await server.close()
  await other.close()
})
