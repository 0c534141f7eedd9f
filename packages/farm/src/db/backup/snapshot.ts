import type { Readable } from 'node:stream'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { readHistory } from '../migrations/history.ts'
import { columnsText, readSequences, readTables, type Sequences, type Table } from './catalog.ts'

/** The whole database at one moment. Other connections can change the database meanwhile. */
export interface DatabaseSnapshot {
  /** The names of the applied migrations, in their order. */
  migrations: string[]
  tables: Table[]
  /**
   * The rows of a table in PostgreSQL's text format for COPY: one row per line. Only one table can be read at a time.
   */
  rows(table: Table): Readable
  /** Call this after the last table, so that no value is below the ids in the rows. */
  sequences(): Promise<Sequences>
  close(): Promise<void>
}

/** Opens a snapshot of the database. Throws if the database has no farm, or a migration that failed. */
export async function openSnapshot(databaseUrl: string): Promise<DatabaseSnapshot> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'rumpfarm backup' })
  client.on('error', () => {}) // the failing statement reports a broken connection
  await client.connect()
  try {
    return await readSnapshot(client)
  } catch (error) {
    await client.end()
    throw error
  }
}

async function readSnapshot(client: pg.Client): Promise<DatabaseSnapshot> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const history = await readHistory(client)
  if (history.length === 0) throw new Error('this database has no farm: no migration was applied to it')
  const unfinished = history.find(row => row.finished_at === null)
  if (unfinished)
    throw new Error(`the migration ${unfinished.migration_name} has failed in this database; repair it first`)
  return {
    migrations: history.map(row => row.migration_name),
    // The servers that run now are not a part of the backup: a restored farm would wait for their end.
    tables: (await readTables(client)).filter(({ name }) => name !== 'Server'),
    rows: table => {
      const text = `COPY (SELECT ${columnsText(client, table)} FROM ${client.escapeIdentifier(table.name)}) TO STDOUT`
      return client.query(copyTo(text))
    },
    sequences: () => readSequences(client),
    close: () => client.end(),
  }
}
