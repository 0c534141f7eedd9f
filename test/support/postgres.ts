// Each test file gets a migrated database. In the package's vitest.config.ts:
//   test: { globalSetup: ['../../test/support/postgres-setup.ts'] }
// and in the test file:
//   const database = await createTestDatabase()
//   afterAll(() => database.drop())
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { types } from './number-types.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
    /** A directory with an empty file for each database that a test uses now. */
    usedDatabases: string
  }
}

export const templateName = 'farm_template'

export interface TestDatabase {
  url: string
  /** Ends the use of the database. Fails if a connection is open, because a test must close its connections. */
  drop: () => Promise<void>
}

export const withClient = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, types })
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

const noteOf = (name: string): string => join(inject('usedDatabases'), name)

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

const isAsMade = `SELECT NOT EXISTS (
    SELECT FROM pg_namespace WHERE nspname <> 'public' AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%')
  AND NOT EXISTS (SELECT FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
                   WHERE datname = current_database()) AS yes`

/**
 * Empties the tables that have rows, together with the tables that refer to them, and resets all sequences. A table without
 * rows stays as it is, because PostgreSQL makes new files for each table and each index of a TRUNCATE.
 */
const empty = `DO $$
DECLARE
  candidate regclass;
  has_rows boolean;
  filled regclass[] := '{}';
BEGIN
  FOR candidate IN SELECT oid FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', candidate) INTO has_rows;
    IF has_rows THEN filled := filled || candidate; END IF;
  END LOOP;
  IF filled <> '{}' THEN
    EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
  END IF;
  PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$`

/** The migrated and empty databases that earlier tests of this process have used. */
const idle: string[] = []

/**
 * Empties a migrated database for a later test, which costs less than a new copy of the template. Any other database, also one
 * with the tables of BullMQ or with settings of a test, is dropped.
 */
const release = async (name: string, isMigrated: boolean): Promise<void> => {
  const { left, reusable } = await withClient(urlOf(name), async client => {
    const left = await leftConnections(client)
    const reusable = isMigrated && !left && (await client.query(isAsMade)).rows[0].yes
    if (reusable) await client.query(empty)
    return { left, reusable }
  })
  if (reusable) idle.push(name)
  else await asAdmin(admin => admin.query(`DROP DATABASE ${name}${left ? ' WITH (FORCE)' : ''}`))
  rmSync(noteOf(name))
  if (left) throw new Error(`this test file left open ${left}`)
}

const create = async (template: string): Promise<string> => {
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(admin => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`))
  return name
}

const use = (name: string, isMigrated: boolean): TestDatabase => {
  writeFileSync(noteOf(name), '')
  return { url: urlOf(name), drop: () => release(name, isMigrated) }
}

/** A migrated, empty database. */
export const createTestDatabase = async (): Promise<TestDatabase> =>
  use(idle.pop() ?? (await create(templateName)), true)

/** A database without tables. */
export const createEmptyDatabase = async (): Promise<TestDatabase> => use(await create('template0'), false)
