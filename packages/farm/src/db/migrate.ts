import pg from 'pg'
import { applyMigration } from './migrations/apply.ts'
import { type MigrationFile, migrationsDirectory, readMigrations } from './migrations/files.ts'
import { createHistory, readHistory } from './migrations/history.ts'
import { untilNoOlderServer } from './migrations/older-servers.ts'
import { compare, MigrationError } from './migrations/status.ts'

export { MigrationError }

// A number that no other program uses: it is "rumpfarm" on the keys of a telephone. Prisma uses the lock 72707369.
const lockKey = 78673276

/** The migrations that this database still needs. Throws a `MigrationError` if a person must act first. */
const pendingMigrations = async (client: pg.Client, files: MigrationFile[]): Promise<MigrationFile[]> => {
  const status = compare(files, await readHistory(client))
  if (status.kind === 'refused') throw new MigrationError(status.message)
  return status.pending
}

const applyAll = async (client: pg.Client, files: MigrationFile[]): Promise<string[]> => {
  const applied: string[] = []
  const pending = await pendingMigrations(client, files)
  await untilNoOlderServer(client, pending)
  for (const file of pending) {
    await applyMigration(client, file)
    applied.push(file.name)
  }
  return applied
}

const migrateLocked = async (client: pg.Client, files: MigrationFile[]): Promise<string[]> => {
  // If servers start together, all but one wait here. PostgreSQL frees the lock when the connection ends, even
  // after a crash.
  await client.query('SELECT pg_advisory_lock($1)', [lockKey])
  try {
    await createHistory(client)
    return await applyAll(client, files)
  } catch (error) {
    if (error instanceof MigrationError) throw error
    throw new MigrationError(`the database could not be migrated: ${(error as Error).message}`, { cause: error })
  }
}

/** The name of the newest migration of this version of the farm. */
export const newestMigration = async (): Promise<string> =>
  (await readMigrations(migrationsDirectory())).at(-1)?.name ?? ''

/**
 * Applies the files of prisma/migrations that the database does not have yet, and returns their names. The history is
 * Prisma's table `_prisma_migrations`, so that Prisma's tools can read it. An up-to-date database needs only one query.
 * `only` limits it to the migrations with these names, to restore the backup of an older farm. Throws a `MigrationError`
 * if a migration failed, changed after it was applied, or belongs to a newer
 * farm, or if a server of an older version runs that the migration would break.
 */
export const migrate = async (
  databaseUrl: string,
  directory = migrationsDirectory(),
  only?: readonly string[],
): Promise<string[]> => {
  const files = (await readMigrations(directory)).filter(({ name }) => only?.includes(name) ?? true)
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {}) // without a listener, a connection that breaks would also end the process
  await client.connect()
  try {
    if ((await pendingMigrations(client, files)).length === 0) return []
    return await migrateLocked(client, files)
  } finally {
    await client.end()
  }
}
