import { randomUUID } from 'node:crypto'
import type { ClientBase, DatabaseError } from 'pg'
import type { MigrationFile } from './files.ts'
import { recordFailure, recordStart, recordSuccess } from './history.ts'
import { failedText, MigrationError } from './status.ts'

const run = async (client: ClientBase, id: string, file: MigrationFile): Promise<void> => {
  await recordStart(client, id, file)
  await client.query(file.sql)
  await recordSuccess(client, id)
}

/** Applies the migration and writes its row in one transaction, so that a crash leaves both changes or none. */
const runInTransaction = async (client: ClientBase, id: string, file: MigrationFile): Promise<void> => {
  await client.query('BEGIN')
  try {
    await run(client, id, file)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}) // PostgreSQL also rolls back if the connection broke
    throw error
  }
}

/** For example `division by zero (PostgreSQL error 22012, line 3)`. */
const reasonOf = (error: DatabaseError, { sql }: MigrationFile): string => {
  const line = error.position ? `, line ${sql.slice(0, Number(error.position)).split('\n').length}` : ''
  return `${error.message} (PostgreSQL error ${error.code}${line})`
}

// Errors of some classes (https://www.postgresql.org/docs/18/errcodes-appendix.html) do not come from the migration: a
// broken connection, a full disk, a stopped server. PostgreSQL rolls the migration back, and the next start applies it.
const isTemporary = ({ code }: DatabaseError): boolean => code === undefined || /^(08|53|57)/.test(code)

/** Applies one migration. If the migration fails, records the failure in the history and throws a `MigrationError`. */
export const applyMigration = async (client: ClientBase, file: MigrationFile): Promise<void> => {
  const id = randomUUID()
  try {
    await (file.runsAlone ? run : runInTransaction)(client, id, file)
  } catch (error) {
    if (isTemporary(error as DatabaseError)) throw error
    const reason = reasonOf(error as DatabaseError, file)
    await recordFailure(client, id, file, reason)
    throw new MigrationError(failedText({ migration_name: file.name, logs: reason }, file), { cause: error })
  }
}
