import type { ClientBase } from 'pg'
import type { MigrationFile } from './files.ts'

/** A row of Prisma's _prisma_migrations. */
export interface AppliedMigration {
  migration_name: string
  checksum: string
  finished_at: Date | null
  logs: string | null
}

const undefinedTable = '42P01'

/** What the database says was applied: nothing, when it has no such table yet. */
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

export type Standing =
  | { kind: 'up-to-date' }
  | { kind: 'pending'; names: string[] }
  /** A person has to decide. */
  | { kind: 'stuck'; message: string }

const stuck = (message: string): Standing => ({ kind: 'stuck', message })

/** Without the trail of Rust source lines that the engine adds. */
const reasonOf = (logs: string | null): string => logs?.split(/\n\s+0: /, 1)[0]?.trim() ?? 'it was cut off'

const failedText = ({ migration_name, logs }: AppliedMigration): string =>
  `migration ${migration_name} failed in this database: ${reasonOf(logs)}\n` +
  'PostgreSQL took back what it had done. Remove the cause, then let it run again with\n' +
  `  DELETE FROM _prisma_migrations WHERE migration_name = '${migration_name}' AND finished_at IS NULL;`

const editedText = (name: string): string =>
  `prisma/migrations/${name}/migration.sql is not the file that this database was made with: an applied migration never changes.\n` +
  `Put the file back (git checkout -- prisma/migrations/${name}) and write a new migration for what should be different.`

const unknownText = (names: string[]): string =>
  `this database has migrations that this version of the farm does not know: ${names.join(', ')}.\n` +
  'It was made by a newer version: start that one, or give this one another database (DATABASE_URL, or RUMPFARM_DATA).'

/** Compares the files with what the database says it has. */
export const compare = (files: MigrationFile[], applied: AppliedMigration[]): Standing => {
  const failed = applied.find(row => row.finished_at === null)
  if (failed) return stuck(failedText(failed))
  const known = new Map(files.map(file => [file.name, file]))
  const strangers = applied.map(row => row.migration_name).filter(name => !known.has(name))
  if (strangers.length > 0) return stuck(unknownText(strangers))
  const edited = applied.find(row => known.get(row.migration_name)?.checksum !== row.checksum)
  if (edited) return stuck(editedText(edited.migration_name))
  const done = new Set(applied.map(row => row.migration_name))
  const names = files.map(file => file.name).filter(name => !done.has(name))
  return names.length === 0 ? { kind: 'up-to-date' } : { kind: 'pending', names }
}
