import pg from 'pg'
import { test as base, expect } from 'vitest'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { type Db, openDatabase } from '../src/db/client.ts'
import { runTransaction } from '../src/db/pg-transaction.ts'
import { inTransaction, withEvents } from '../src/db/transaction.ts'
import type { FarmEvent } from '../src/events.ts'

const test = base.extend<{ url: string; db: Db }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest requires the pattern
  url: async ({}, use) => {
    const database = await createTestDatabase()
    await use(database.url)
    await database.drop()
  },
  db: async ({ url }, use) => {
    const db = openDatabase({ url, connectionsMax: 2, limits: { waitMs: 5_000, statementMs: 10_000 } })
    await use(db)
    await db.close()
  },
})

const seen = (db: Db) => db.query<{ by: string }>`SELECT "by" FROM "SignedRun"`
const event = (hostId: number): FarmEvent => ({ kind: 'host', hostId })
const now = () => new Date()
const limits = { waitMs: 200, totalMs: 200 }

test('a transaction emits its events after the commit, in their order', async ({ db }) => {
  const emitted: [FarmEvent, number][] = []
  const rows: number[] = []
  const emit = (one: FarmEvent) => void emitted.push([one, rows.length])
  const result = await inTransaction({ db, emit, now }, async tx => {
    tx.emit(event(1))
    await tx.execute`INSERT INTO "SignedRun" ("by", "run", "count", "seenAt") VALUES ('vax', '1', 1, now())`
    rows.push(1)
    tx.afterCommit(() => rows.push(2))
    tx.emit(event(2))
    return 'done'
  })
  expect(result).toBe('done')
  expect(emitted).toEqual([
    [event(1), 1],
    [event(2), 2],
  ])
  expect(await seen(db)).toEqual([{ by: 'vax' }])
})

test('if a transaction fails, it changes nothing and emits nothing', async ({ db }) => {
  const emitted: FarmEvent[] = []
  const failing = inTransaction({ db, emit: one => void emitted.push(one), now }, async tx => {
    tx.emit(event(1))
    await tx.execute`INSERT INTO "SignedRun" ("by", "run", "count", "seenAt") VALUES ('vax', '1', 1, now())`
    throw new Error('a rule said no')
  })
  await expect(failing).rejects.toThrow('a rule said no')
  expect([emitted, await seen(db)]).toEqual([[], []])
})

test('if a statement fails, its transaction fails, even if the code catches the error', async ({ db }) => {
  const swallowing = inTransaction({ db, emit: () => {}, now }, async tx => {
    await tx.execute`INSERT INTO "SignedRun" ("by", "run", "count", "seenAt") VALUES ('vax', '1', 1, now())`
    await tx.query`SELECT 1 / 0`.catch(() => {})
  })
  await expect(swallowing).rejects.toThrow('rolled back')
  expect(await seen(db)).toEqual([])
})

test('a single statement emits the events of its result', async ({ db }) => {
  const emitted: FarmEvent[] = []
  const context = { db, emit: (one: FarmEvent) => void emitted.push(one) }
  await withEvents(
    context,
    statements => statements.query<{ id: number }>`SELECT 7 AS "id"`,
    rows => rows.map(({ id }) => event(id)),
  )
  await withEvents(
    context,
    statements => statements.query`SELECT 1 / 0`,
    () => [event(8)],
  ).catch(() => {})
  expect(emitted).toEqual([event(7)])
})

test('if a transaction takes too long, it fails, and the pool can run the next transaction', async ({ url }) => {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  pool.on('connect', client => client.on('error', () => {}))
  const slow = runTransaction(pool, client => client.query('SELECT pg_sleep(1)'), { waitMs: 20_000, totalMs: 200 })
  await expect(slow).rejects.toThrow('a transaction took longer than 200 ms')
  expect(await runTransaction(pool, async client => (await client.query('SELECT 1 AS one')).rows)).toEqual([{ one: 1 }])
  await pool.end()
})

test('a transaction waits only a limited time for a connection', async ({ url }) => {
  const pool = new pg.Pool({ connectionString: url, max: 1 })
  const busy = await pool.connect()
  await expect(runTransaction(pool, async () => 1, limits)).rejects.toThrow('no connection to PostgreSQL was free')
  busy.release()
  expect(await runTransaction(pool, async () => 2)).toBe(2)
  await pool.end()
})

test('if this process is frozen inside a transaction, PostgreSQL rolls back and frees its locks', async ({
  url,
  db,
}) => {
  const frozen = await openFrozenTransaction(url, { waitMs: 200, totalMs: 500 })
  await db.execute`INSERT INTO "SignedRun" ("by", "run", "count", "seenAt") VALUES ('vax', '1', 2, now())`
  expect(await db.query`SELECT "count" FROM "SignedRun"`).toEqual([{ count: 2 }])
  await frozen.end()
})

/** A connection with the settings of the farm that has a row locked, and then sends nothing more. */
async function openFrozenTransaction(connectionString: string, transactionLimits: typeof limits) {
  const settings = openDatabase({ url: connectionString, limits: { waitMs: 200, statementMs: 500 }, transactionLimits })
  const [shown] = await settings.query<{ ms: string }>`
    SELECT "setting" AS "ms" FROM pg_settings WHERE "name" = 'idle_in_transaction_session_timeout'`
  await settings.close()
  const client = new pg.Client({ connectionString, idle_in_transaction_session_timeout: Number(shown?.ms) })
  client.on('error', () => {})
  await client.connect()
  await client.query('BEGIN')
  await client.query(`INSERT INTO "SignedRun" ("by", "run", "count", "seenAt") VALUES ('vax', '1', 1, now())`)
  return client
}
