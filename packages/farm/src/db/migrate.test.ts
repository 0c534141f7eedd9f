import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../../../test/support/postgres.ts'
import { migrate } from './migrate.ts'
import { untilNoOlderServer } from './migrations/older-servers.ts'

let database: TestDatabase
let directory: string

beforeEach(async () => {
  database = await createEmptyDatabase()
  directory = await mkdtemp(join(tmpdir(), 'rumpfarm-migrations-'))
  await addMigration('20260101000000_first', 'CREATE TABLE first (id int)')
  await addMigration('20260102000000_second', 'CREATE TABLE second (id int)')
})

afterEach(async () => {
  await rm(directory, { recursive: true })
  await database.drop()
})

const query = async (sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const addMigration = async (name: string, sql: string): Promise<void> => {
  await mkdir(join(directory, name))
  await writeFile(join(directory, name, 'migration.sql'), sql)
}

const finished = 'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL'

test('an empty database receives every migration, in order, and Prisma’s history table lists them', async () => {
  await addMigration('99990101000000_more', 'CREATE TABLE more (id int)')
  const applied = await migrate(database.url, directory)

  expect(applied).toEqual(['20260101000000_first', '20260102000000_second', '99990101000000_more'])
  expect((await query(finished)).map(row => row.migration_name)).toEqual(applied)
  expect(await query('SELECT * FROM more')).toEqual([])
})

test('a migration can contain functions, and semicolons wherever SQL allows them', async () => {
  const sql = `-- first; a comment
    CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END $$;
    CREATE TABLE marks (text text DEFAULT ';');`
  await addMigration('99990101000000_more', sql)
  await migrate(database.url, directory)

  expect(await query('SELECT two()')).toEqual([{ two: 2 }])
})

test('a second run applies no migration', async () => {
  await migrate(database.url, directory)
  expect(await migrate(database.url, directory)).toEqual([])
})

test('an old database receives only the new migrations', async () => {
  await migrate(database.url, directory)
  await addMigration('99990101000000_more', 'CREATE TABLE more (id int)')
  expect(await migrate(database.url, directory)).toEqual(['99990101000000_more'])
})

test('if two servers start together, one server migrates the database and the other server waits', async () => {
  const applied = await Promise.all([migrate(database.url, directory), migrate(database.url, directory)])
  const rows = await query(finished)

  expect(rows).toHaveLength(2)
  expect(applied.map(names => names.length).sort()).toEqual([0, 2])
})

test('a failed migration changes nothing, and every start reports the failure', async () => {
  await addMigration('99990101000000_bad', 'CREATE TABLE half (id int); SELECT 1/0;')

  await expect(migrate(database.url, directory)).rejects.toThrow(/99990101000000_bad[\s\S]*division by zero/)
  expect(await query("SELECT to_regclass('half') AS half")).toEqual([{ half: null }])
  await expect(migrate(database.url, directory)).rejects.toThrow(
    /99990101000000_bad failed[\s\S]*division by zero \(PostgreSQL error 22012\)[\s\S]*DELETE FROM/,
  )
})

test('if a migration has a syntax error, the report names the line', async () => {
  await addMigration('99990101000000_bad', 'SELECT 1;\n\nCREATE TABEL typo (id int);\n')
  await expect(migrate(database.url, directory)).rejects.toThrow(/syntax error at or near "TABEL".*line 3\)/)
})

test('if a broken connection interrupts a migration, the next start applies the migration', async () => {
  await addMigration(
    '99990101000000_more',
    'CREATE TABLE more (id int); SELECT pg_terminate_backend(pg_backend_pid());',
  )
  await expect(migrate(database.url, directory)).rejects.toThrow(/the database could not be migrated: terminating/)
  await writeFile(join(directory, '99990101000000_more/migration.sql'), 'CREATE TABLE more (id int)')

  expect(await migrate(database.url, directory)).toEqual(['99990101000000_more'])
})

test('if a migration begins with "Outside a transaction", it runs outside of a transaction', async () => {
  await addMigration('99990101000000_vacuum', '-- Outside a transaction.\nVACUUM first')
  await addMigration('99990101000001_bad', '-- Outside a transaction.\nVACUUM nothing')

  await expect(migrate(database.url, directory)).rejects.toThrow(/00001_bad failed[\s\S]*find its changes/)
  expect((await query(finished)).at(-1)).toEqual({ migration_name: '99990101000000_vacuum' })
})

test('if a person corrects a failed migration and deletes its row, the next start applies the migration', async () => {
  await addMigration('99990101000000_bad', 'SELECT 1/0;')
  await expect(migrate(database.url, directory)).rejects.toThrow(/division by zero/)
  await query("DELETE FROM _prisma_migrations WHERE migration_name = '99990101000000_bad' AND finished_at IS NULL")
  await writeFile(join(directory, '99990101000000_bad/migration.sql'), 'SELECT 1/1;')

  expect(await migrate(database.url, directory)).toEqual(['99990101000000_bad'])
})

test('if the file of an applied migration changes, the farm refuses the database and says why', async () => {
  await addMigration('99990101000000_more', 'CREATE TABLE more (id int)')
  await migrate(database.url, directory)
  await writeFile(join(directory, '99990101000000_more/migration.sql'), 'CREATE TABLE other (id int)')

  await expect(migrate(database.url, directory)).rejects.toThrow(/99990101000000_more\/migration.sql is not the file/)
})

test('the farm refuses a database that a newer farm migrated', async () => {
  await addMigration('99990101000000_more', 'CREATE TABLE more (id int)')
  await migrate(database.url, directory)

  await expect(migrate(database.url)).rejects.toThrow(/does not have: .*99990101000000_more/)
})

/** A farm of an older version, one of whose servers reported itself this many seconds ago. */
const olderServer = async (seconds: number) => {
  await migrate(database.url, directory)
  await query('CREATE TABLE "Server" ("name" text, "seenAt" timestamptz, "startedAt" timestamptz)')
  await query(`INSERT INTO "Server" VALUES ('old:8080', now() - interval '${seconds} s', now())`)
}

test('while a server of an older version runs, a migration that would break it is refused', async () => {
  await olderServer(-60)
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const check = (name: string) => untilNoOlderServer(client, [{ name }], 0)
  await expect(check('99990101000000_more')).rejects.toThrow(
    /99990101000000_more changes something that old:8080 still uses: stop all servers of the older version/,
  )
  await check('99990101000000_more_expand')
  await client.end()
})

test('a server that was killed delays a migration for some seconds only', async () => {
  await olderServer(8)
  await addMigration('99990101000000_more', 'CREATE TABLE more (id int)')
  expect(await migrate(database.url, directory)).toEqual(['99990101000000_more'])
})

test('beside servers of an older version, a migration that only adds something runs, and they can start again', async () => {
  await olderServer(-60)
  const name = '99990101000000_more_expand'
  await addMigration(name, 'CREATE TABLE more (id int)')
  expect(await migrate(database.url, directory)).toEqual([name])

  await rm(join(directory, name), { recursive: true }) // the directory of the older version
  expect(await migrate(database.url, directory)).toEqual([])
})

test('the template database of the tests has every migration', async () => {
  const fromTemplate = await createTestDatabase()
  expect(await migrate(fromTemplate.url)).toEqual([])
  await fromTemplate.drop()
})
