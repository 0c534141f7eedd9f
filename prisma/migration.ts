// Makes and checks migrations; prisma/migrate.mjs is its command line.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { migrationList, noFilters, type SchemaEngine, withEngine } from '../packages/farm/src/db/migrations/engine.ts'
import { findRoot, migrationsDirectory, readMigrations } from '../packages/farm/src/db/migrations/files.ts'
import { startTemporaryPostgres } from '../packages/local-postgres/src/temporary.ts'

const schemaFile = (): string => join(findRoot(), 'prisma/schema.prisma')

const readSchema = async () => ({ files: [{ path: schemaFile(), content: await readFile(schemaFile(), 'utf8') }] })

/** Runs `work` against an empty PostgreSQL of its own, which is gone afterwards. */
const onThrowAwayDatabase = async <T>(work: (url: string) => Promise<T>): Promise<T> => {
  const { url, stop } = await startTemporaryPostgres()
  try {
    return await work(url)
  } finally {
    await stop()
  }
}

/** Replays the migrations into an empty database and returns the SQL that would still be needed to reach the schema. */
export const missingSql = async (url: string, directory = migrationsDirectory()): Promise<string> => {
  const from = { tag: 'migrations' as const, ...migrationList(directory, await readMigrations(directory)) }
  const to = { tag: 'schemaDatamodel' as const, ...(await readSchema()) }
  const { stdout, exitCode } = await withEngine(url, (engine: SchemaEngine) =>
    engine.diff({ from, to, script: true, exitCode: true, filters: noFilters }),
  )
  return exitCode === 2 ? (stdout ?? '') : ''
}

/** `20261124021530_init`: migrations are applied in the order of their names. */
const directoryName = (name: string, at: Date): string =>
  `${at.toISOString().replace(/\D/g, '').slice(0, 14)}_${name.replace(/[^a-z0-9]+/gi, '_').toLowerCase()}`

const writeMigration = async (directory: string, sql: string): Promise<string> => {
  const file = join(directory, 'migration.sql')
  await mkdir(directory, { recursive: true })
  await writeFile(file, sql)
  // Prisma's own command line wants to find this beside the migrations.
  await writeFile(join(dirname(directory), 'migration_lock.toml'), 'provider = "postgresql"\n')
  return file
}

/** Writes what the schema has and the migrations have not as a new migration, and returns its file; undefined: nothing. */
export const createMigration = async (name: string, at: Date): Promise<string | undefined> => {
  const migrations = migrationsDirectory()
  await mkdir(migrations, { recursive: true })
  const sql = await onThrowAwayDatabase(url => missingSql(url))
  return sql === '' ? undefined : writeMigration(join(migrations, directoryName(name, at)), sql)
}

export const checkMigrations = (): Promise<string> => onThrowAwayDatabase(url => missingSql(url))
