// Creates, checks and dumps the migrations. migrate.mjs is the command line.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { migrate } from '../../packages/farm/src/db/migrate.ts'
import { findRoot, migrationsDirectory, readMigrations } from '../../packages/farm/src/db/migrations/files.ts'
import { startTemporaryPostgres } from '../../packages/local-postgres/src/index.ts'
import { dumpSchema } from './dump-schema.ts'
import { migrationList, noFilters, type SchemaEngine, withEngine } from './engine.ts'

const schemaFile = (): string => join(findRoot(), 'prisma/schema.prisma')
export const dumpFile = (): string => join(findRoot(), 'prisma/schema.sql')

const readSchema = async () => ({ files: [{ path: schemaFile(), content: await readFile(schemaFile(), 'utf8') }] })

const onTemporaryDatabase = async <T>(work: (url: string) => Promise<T>): Promise<T> => {
  const { url, stop } = await startTemporaryPostgres()
  try {
    return await work(url)
  } finally {
    await stop()
  }
}

/**
 * Applies the migrations to an empty database, and returns the SQL that would change this database to the schema of
 * schema.prisma.
 */
export const missingSql = async (url: string, directory = migrationsDirectory()): Promise<string> => {
  const from = { tag: 'migrations' as const, ...migrationList(directory, await readMigrations(directory)) }
  const to = { tag: 'schemaDatamodel' as const, ...(await readSchema()) }
  const { stdout, exitCode } = await withEngine(url, (engine: SchemaEngine) =>
    engine.diff({ from, to, script: true, exitCode: true, filters: noFilters }),
  )
  return exitCode === 2 ? (stdout ?? '') : ''
}

/** A name such as `20261124021530_init`. The farm applies migrations in the order of their names. */
const directoryName = (name: string, at: Date): string =>
  `${at.toISOString().replace(/\D/g, '').slice(0, 14)}_${name.replace(/[^a-z0-9]+/gi, '_').toLowerCase()}`

const writeMigration = async (directory: string, sql: string): Promise<string> => {
  const file = join(directory, 'migration.sql')
  await mkdir(directory, { recursive: true })
  await writeFile(file, sql)
  // Prisma's command line expects this file beside the migrations.
  await writeFile(join(dirname(directory), 'migration_lock.toml'), 'provider = "postgresql"\n')
  return file
}

/** Writes a migration for the changes in schema.prisma, and returns its file; undefined if there are no changes. */
export const createMigration = async (name: string, at: Date): Promise<string | undefined> => {
  const sql = await onTemporaryDatabase(url => missingSql(url))
  return sql === '' ? undefined : writeMigration(join(migrationsDirectory(), directoryName(name, at)), sql)
}

/** Writes schema.sql, and returns its file. */
export const writeDump = async (): Promise<string> => {
  const file = dumpFile()
  const text = await onTemporaryDatabase(async url => {
    await migrate(url)
    return dumpSchema(url)
  })
  await writeFile(file, text)
  return file
}

/** How the migrations differ from schema.prisma and from schema.sql. */
export const checkMigrations = (): Promise<string[]> =>
  onTemporaryDatabase(async url => {
    const problems: string[] = []
    const sql = await missingSql(url)
    if (sql !== '')
      problems.push(`the migrations lack these changes of prisma/schema.prisma; run "migrate.mjs create NAME":\n${sql}`)
    await migrate(url)
    if ((await dumpSchema(url)) !== (await readFile(dumpFile(), 'utf8')))
      problems.push('prisma/schema.sql is not the schema that the migrations give; run "migrate.mjs dump"')
    return problems
  })
