import type { ClientBase } from 'pg'
import type { MigrationFile } from './files.ts'

/** A row of Prisma's `_prisma_migrations`. */
export interface AppliedMigration {
  migration_name: string
  checksum: string
  /** Null if the migration failed or was interrupted. */
  finished_at: Date | null
  /** Why the migration failed. */
  logs: string | null
}

/** Prisma 7.10 creates the same table; test/migrations.test.ts compares the two tables. */
export const createHistory = async (client: ClientBase): Promise<void> => {
  await client.query(`CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`)
}

const undefinedTable = '42P01'

/** Returns the applied migrations from the history table, or none if the table does not exist. */
export const readHistory = async (client: ClientBase): Promise<AppliedMigration[]> => {
  try {
    const { rows } = await client.query<AppliedMigration>(
      'SELECT migration_name, checksum, finished_at, logs FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at',
    )
    return rows
  } catch (error) {
    if ((error as { code?: string }).code === undefinedTable) return []
    throw error
  }
}

export const recordStart = async (client: ClientBase, id: string, { name, checksum }: MigrationFile): Promise<void> => {
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksum,
    name,
  ])
}

export const recordSuccess = async (client: ClientBase, id: string): Promise<void> => {
  // clock_timestamp() is the present time. now() would be the start of the transaction and equal to started_at.
  await client.query(
    'UPDATE _prisma_migrations SET finished_at = clock_timestamp(), applied_steps_count = 1 WHERE id = $1',
    [id],
  )
}

/** Records why the migration failed. Inserts the migration's row again if a rollback removed this row. */
export const recordFailure = async (
  client: ClientBase,
  id: string,
  { name, checksum }: MigrationFile,
  reason: string,
): Promise<void> => {
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET logs = EXCLUDED.logs`,
    [id, checksum, name, reason],
  )
}
