import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { migrate } from '../packages/farm/src/db/migrate.ts'
import { migrationsDirectory, readMigrations } from '../packages/farm/src/db/migrations/files.ts'
import { dumpSchema } from '../prisma/tools/dump-schema.ts'
import { migrationList, noFilters, withEngine } from '../prisma/tools/engine.ts'
import { dumpFile, missingSql } from '../prisma/tools/migrations.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './support/postgres.ts'

const withDatabase = async (created: Promise<TestDatabase>): Promise<string> => {
  const database = await created
  onTestFinished(() => database.drop())
  return database.url
}

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const migrateWithEngine = async (url: string, directory = migrationsDirectory()): Promise<string[]> => {
  const migrationsList = migrationList(directory, await readMigrations(directory))
  return (await withEngine(url, engine => engine.applyMigrations({ migrationsList, filters: noFilters })))
    .appliedMigrationNames
}

/** A directory with only the first `count` migrations. */
const firstMigrations = async (count: number): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-migrations-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const names = (await readdir(migrationsDirectory())).sort().slice(0, count)
  for (const name of names) await cp(join(migrationsDirectory(), name), join(directory, name), { recursive: true })
  return directory
}

// The migration history of a database, without ids and times.
const history = `SELECT migration_name, checksum, logs, rolled_back_at, applied_steps_count, length(id) AS id_length,
    finished_at >= started_at AS finished FROM _prisma_migrations ORDER BY started_at`
const historyColumns = `SELECT column_name, data_type, character_maximum_length, is_nullable, column_default
  FROM information_schema.columns WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`

test('the migrations create exactly the tables of schema.prisma', async () => {
  expect(await missingSql(inject('postgresUrl'))).toBe('')
})

test('schema.sql equals the schema of a migrated database', async () => {
  const url = await withDatabase(createTestDatabase())
  expect(await readFile(dumpFile(), 'utf8')).toBe(await dumpSchema(url))
})

test('if schema.sql runs on an empty database, the dump of this database equals schema.sql', async () => {
  const url = await withDatabase(createEmptyDatabase())
  const dump = await readFile(dumpFile(), 'utf8')
  await query(url, dump)
  expect(await dumpSchema(url)).toBe(dump)
})

test('the dump fails if the schema contains an object that the dump cannot write', async () => {
  const url = await withDatabase(createEmptyDatabase())
  await query(url, 'CREATE MATERIALIZED VIEW one AS SELECT 1; CREATE FUNCTION two() RETURNS int LANGUAGE sql RETURN 2')
  await expect(dumpSchema(url)).rejects.toThrow(/cannot write: relation one, routine two\(\)$/)
})

test('the server writes the same migration history as Prisma’s engine', async () => {
  const [byServer, byEngine] = [await withDatabase(createEmptyDatabase()), await withDatabase(createEmptyDatabase())]
  expect(await migrate(byServer)).toEqual(await migrateWithEngine(byEngine))

  expect(await query(byServer, history)).toEqual(await query(byEngine, history))
  expect(await query(byServer, historyColumns)).toEqual(await query(byEngine, historyColumns))
  expect(await dumpSchema(byServer)).toBe(await dumpSchema(byEngine))
})

test('Prisma’s engine finds nothing to apply in a database that the server migrated', async () => {
  const url = await withDatabase(createTestDatabase())
  expect(await migrateWithEngine(url)).toEqual([])
})

test('the server applies the missing migrations to a database that Prisma’s engine migrated', async () => {
  const url = await withDatabase(createEmptyDatabase())
  const earlier = await migrateWithEngine(url, await firstMigrations(3))
  expect(earlier).toHaveLength(3)

  const all = (await readMigrations(migrationsDirectory())).map(({ name }) => name)
  expect(await migrate(url)).toEqual(all.slice(3))
  expect(await readFile(dumpFile(), 'utf8')).toBe(await dumpSchema(url))
})
