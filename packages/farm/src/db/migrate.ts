import pg from 'pg'
import { type MigrationFile, migrationsDirectory, readMigrations } from './migrations/files.ts'
import { compare, readHistory } from './migrations/history.ts'

/** The database cannot be brought up to date; the message says why and what to do. */
export class MigrationError extends Error {
  override name = 'MigrationError'
}

// Any number that nobody else uses: "rumpfarm" on a telephone's keys. The engine's own lock is 72707369.
const lockKey = 78673276

const applyPending = async (url: string, directory: string, files: MigrationFile[]): Promise<string[]> => {
  const { migrationList, noFilters, withEngine } = await import('./migrations/engine.ts')
  const migrationsList = migrationList(directory, files)
  const applied = await withEngine(url, engine => engine.applyMigrations({ migrationsList, filters: noFilters }))
  return applied.appliedMigrationNames
}

/** The names of the migrations that this database still needs. */
const pendingNames = async (client: pg.Client, files: MigrationFile[]): Promise<string[]> => {
  const standing = compare(files, await readHistory(client))
  if (standing.kind === 'stuck') throw new MigrationError(standing.message)
  return standing.kind === 'pending' ? standing.names : []
}

const migrateLocked = async (client: pg.Client, url: string, directory: string, files: MigrationFile[]) => {
  // Servers that start together queue here; a session lock goes with its connection, so a crash cannot leave it behind.
  await client.query('SELECT pg_advisory_lock($1)', [lockKey])
  if ((await pendingNames(client, files)).length === 0) return []
  try {
    return await applyPending(url, directory, files)
  } catch (error) {
    await pendingNames(client, files) // the engine has noted which one failed and why
    throw new MigrationError(`the database could not be migrated: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Brings the database up to date with prisma/migrations, as `prisma migrate deploy` would, and returns the names of the
 * migrations it applied. With nothing to do it costs two queries and does not load the engine (5 MB of WebAssembly).
 */
export const migrate = async (databaseUrl: string, directory = migrationsDirectory()): Promise<string[]> => {
  const files = await readMigrations(directory)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    if ((await pendingNames(client, files)).length === 0) return []
    return await migrateLocked(client, databaseUrl, directory, files)
  } finally {
    await client.end()
  }
}
