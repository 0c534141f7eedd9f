import { openRestore, type Table } from '@rumpfarm/farm'
import { readArchive } from './archive.ts'
import { BackupError, type CheckedBackup } from './check-backup.ts'
import { tableOf, unpack } from './contents.ts'

export interface LoadRequest {
  file: string
  backup: CheckedBackup
  databaseUrl: string
  replace: boolean
}

/** Fills the database from a checked backup. Without an error, each table has as many rows as in the backup. */
export async function loadDatabase({ file, backup, databaseUrl, replace }: LoadRequest): Promise<void> {
  const { about, totals } = backup
  const tables = new Map(about.tables.map(table => [table.name, table]))
  const restore = await openRestore({ databaseUrl, migrations: about.migrations, replace })
  try {
    const loaded: Record<string, number> = {}
    for await (const { name, content } of readArchive(file)) {
      const table = tableIn(tables, name)
      if (!table) continue
      loaded[table.name] = (loaded[table.name] ?? 0) + (await restore.load(table, await unpack(content)))
    }
    const short = about.tables.find(({ name }) => (loaded[name] ?? 0) !== totals.rows[name])
    if (short)
      throw new BackupError(
        `PostgreSQL took ${loaded[short.name] ?? 0} of ${totals.rows[short.name]} rows of ${short.name}`,
      )
    await restore.finish(totals.sequences)
  } finally {
    await restore.close()
  }
}

function tableIn(tables: ReadonlyMap<string, Table>, member: string): Table | undefined {
  const name = tableOf(member)
  const table = name === undefined ? undefined : tables.get(name)
  if (name !== undefined && !table) throw new BackupError(`${member} belongs to no table of the backup`)
  return table
}
