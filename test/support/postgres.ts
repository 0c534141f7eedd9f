// Each test file gets a migrated database. In the package's vitest.config.ts:
//   test: { globalSetup: ['../../test/support/postgres-setup.ts'] }
// and in the test file:
//   const database = await createTestDatabase()
//   afterAll(() => database.drop())
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

export const templateName = 'farm_template'

export interface TestDatabase {
  url: string
  /** Ends the use of the database. Fails if a connection is open, because a test must close its connections. */
  drop: () => Promise<void>
}

export const withClient = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const asAdmin = async (work: (admin: pg.Client) => Promise<unknown>): Promise<void> => {
  await withClient(inject('postgresUrl'), work)
}

const newName = (prefix: string): string => `${prefix}${randomBytes(8).toString('hex')}`

const urlOf = (name: string): string => {
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  return url.href
}

const connectedTo = `SELECT count(*)::int AS connections, string_agg(DISTINCT query, '; ') AS queries
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`

/** Waits for the end of backends, because the backend of a closed connection needs a moment to end. */
const leftConnections = async (client: pg.Client, tries = 20): Promise<string | undefined> => {
  const { rows } = await client.query(connectedTo)
  if (rows[0].connections === 0) return undefined
  if (tries === 0) return `${rows[0].connections} connections, last used for: ${rows[0].queries}`
  await client.query('SELECT pg_sleep(0.05)')
  return leftConnections(client, tries - 1)
}

const hasOnlyOwnTables = `SELECT count(*) = 0 AS yes FROM pg_namespace
  WHERE nspname <> 'public' AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'`

const empty = `DO $$ BEGIN EXECUTE (
  SELECT 'TRUNCATE ' || string_agg(format('%I', relname), ', ') || ' RESTART IDENTITY' FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'
); END $$`

export const idlePrefix = 'idle_'

/**
 * Empties a migrated database for a later test, which costs less than a new copy of the template. Any other database, also one
 * with the tables of BullMQ, is dropped.
 */
const release = async (name: string, isMigrated: boolean): Promise<void> => {
  const { left, reusable } = await withClient(urlOf(name), async client => {
    const left = await leftConnections(client)
    const reusable = isMigrated && !left && (await client.query(hasOnlyOwnTables)).rows[0].yes
    if (reusable) await client.query(empty)
    return { left, reusable }
  })
  const end = reusable
    ? `ALTER DATABASE ${name} RENAME TO ${newName(idlePrefix)}`
    : `DROP DATABASE ${name}${left ? ' WITH (FORCE)' : ''}` // FORCE fails while autovacuum uses the database
  await asAdmin(admin => admin.query(end))
  if (left) throw new Error(`this test file left open ${left}`)
}

/** Renames an empty database of an earlier test to `name`. False if there is none. */
const reuse = async (admin: pg.Client, name: string): Promise<boolean> => {
  const { rows } = await admin.query(
    'SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY random()',
    [idlePrefix],
  )
  for (const { datname } of rows) {
    const renamed = await admin.query(`ALTER DATABASE ${datname} RENAME TO ${name}`).catch(() => undefined)
    if (renamed) return true // otherwise another test was faster
  }
  return false
}

const create = (admin: pg.Client, name: string, template: string) =>
  admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)

/** A migrated, empty database. */
export const createTestDatabase = async (): Promise<TestDatabase> => {
  const name = newName('test_')
  await asAdmin(async admin => (await reuse(admin, name)) || (await create(admin, name, templateName)))
  return { url: urlOf(name), drop: () => release(name, true) }
}

/** A database without tables. */
export const createEmptyDatabase = async (): Promise<TestDatabase> => {
  const name = newName('test_')
  await asAdmin(admin => create(admin, name, 'template0'))
  return { url: urlOf(name), drop: () => release(name, false) }
}
