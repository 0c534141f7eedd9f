import { isExpanding } from './expand.rule.ts'
import type { MigrationFile } from './files.ts'
import type { AppliedMigration } from './history.ts'

/** Thrown if the server cannot bring the database up to date. The message says why, and what to do. */
export class MigrationError extends Error {
  override name = 'MigrationError'
}

export type MigrationStatus =
  /** The migrations to apply, in order. */
  | { kind: 'usable'; pending: MigrationFile[] }
  /** The farm cannot use the database until a person acts. */
  | { kind: 'refused'; message: string }

const refused = (message: string): MigrationStatus => ({ kind: 'refused', message })

/** Removes the trace of Rust source lines that Prisma's engine adds to a message. */
const reasonOf = (logs: string | null): string => logs?.split(/\n\s+0: /, 1)[0]?.trim() ?? 'it was interrupted'

export const failedText = (
  { migration_name, logs }: Pick<AppliedMigration, 'migration_name' | 'logs'>,
  file: MigrationFile | undefined,
): string =>
  `migration ${migration_name} failed in this database: ${reasonOf(logs)}\n` +
  (file?.runsAlone
    ? 'It ran outside a transaction: find its changes and undo them. '
    : 'PostgreSQL rolled its changes back. ') +
  'Remove the cause, then let it run again with\n' +
  `  DELETE FROM _prisma_migrations WHERE migration_name = '${migration_name}' AND finished_at IS NULL;`

const changedText = (name: string): string =>
  `prisma/migrations/${name}/migration.sql is not the file that this database was made with: an applied migration never changes.\n` +
  `Restore the file (git checkout -- prisma/migrations/${name}) and write a new migration for the difference.`

const unknownText = (names: string[]): string =>
  `this database has migrations that this version of the farm does not have: ${names.join(', ')}.\n` +
  'A newer version made them: start that version, or give this one another database (DATABASE_URL, or RUMPFARM_DATA).'

/** Compares the files with the database's history. */
export const compare = (files: MigrationFile[], applied: AppliedMigration[]): MigrationStatus => {
  const known = new Map(files.map(file => [file.name, file]))
  const failed = applied.find(row => row.finished_at === null)
  if (failed) return refused(failedText(failed, known.get(failed.migration_name)))
  // During an update, a server of the older version may start after a newer one has added something.
  const unknown = applied.map(row => row.migration_name).filter(name => !known.has(name) && !isExpanding(name))
  if (unknown.length > 0) return refused(unknownText(unknown))
  const changed = applied.find(
    row => known.has(row.migration_name) && known.get(row.migration_name)?.checksum !== row.checksum,
  )
  if (changed) return refused(changedText(changed.migration_name))
  const done = new Set(applied.map(row => row.migration_name))
  return { kind: 'usable', pending: files.filter(file => !done.has(file.name)) }
}
