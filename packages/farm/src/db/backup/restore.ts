import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { migrate } from '../migrate.ts'
import { migrationsDirectory, readMigrations } from '../migrations/files.ts'
import { columnsText, readTables, type Sequences, type Table } from './catalog.ts'

/** Thrown if a backup cannot be restored into this database. The message says why, and what to do. */
export class RestoreError extends Error {
  override name = 'RestoreError'
}

export interface DatabaseRestore {
  /** Adds rows in the format of `DatabaseSnapshot.rows`, and returns how many rows it added. */
  load(table: Table, rows: Uint8Array): Promise<number>
  /** Checks the references between the tables, and makes all rows visible. */
  finish(sequences: Sequences): Promise<void>
  /** Gives up. Without `finish`, the database keeps the empty tables. */
  close(): Promise<void>
}

export interface RestoreRequest {
  databaseUrl: string
  /** The migrations of the backup. The restored database has exactly these; the next start of a server adds newer ones. */
  migrations: readonly string[]
  /** Whether the restore may delete the farm that is in the database. */
  replace: boolean
}

/**
 * Makes the tables of a backup in the database. Throws a `RestoreError` if another program uses the database, if the
 * database has a farm with hosts, projects or builds and `replace` is false, or if a newer version made the backup.
 */
export async function openRestore({ databaseUrl, migrations, replace }: RestoreRequest): Promise<DatabaseRestore> {
  await checkMigrations(migrations)
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'rumpfarm restore' })
  client.on('error', () => {}) // the failing statement reports a broken connection
  await client.connect()
  try {
    await checkAlone(client)
    if (!replace) await checkEmpty(client)
    await dropTables(client)
    await migrate(databaseUrl, migrationsDirectory(), migrations)
    return await beginLoading(client)
  } catch (error) {
    await client.end()
    throw error
  }
}

async function checkMigrations(migrations: readonly string[]): Promise<void> {
  const known = new Set((await readMigrations(migrationsDirectory())).map(file => file.name))
  const unknown = migrations.filter(name => !known.has(name))
  if (unknown.length === 0) return
  throw new RestoreError(
    `a newer version of the farm made this backup: it has the migrations ${unknown.join(', ')}. Restore it with that version`,
  )
}

const othersText = `SELECT count(*)::int AS others FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`

async function checkAlone(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ others: number }>(othersText)
  const others = rows[0]?.others ?? 0
  if (others === 0) return
  throw new RestoreError(
    `the database is in use: it has ${others} other ${others === 1 ? 'connection' : 'connections'}. Stop all servers of the farm, then restore again`,
  )
}

async function checkEmpty(client: pg.Client): Promise<void> {
  const names = (await readTables(client)).map(table => table.name)
  for (const name of names.filter(name => ['Host', 'Project', 'Build'].includes(name))) {
    const { rowCount } = await client.query(`SELECT FROM ${client.escapeIdentifier(name)} LIMIT 1`)
    if (rowCount)
      throw new RestoreError(
        'the database already has a farm. To delete that farm and restore the backup, add --replace',
      )
  }
}

/** Also drops the tables of BullMQ: their messages name jobs of the deleted farm. Each start of a server makes them again. */
async function dropTables(client: pg.Client): Promise<void> {
  const names = (await readTables(client)).map(table => table.name)
  await client.query('BEGIN')
  for (const name of [...names, '_prisma_migrations'])
    await client.query(`DROP TABLE IF EXISTS public.${client.escapeIdentifier(name)} CASCADE`)
  await client.query('DROP SCHEMA IF EXISTS bullmq CASCADE')
  await client.query('COMMIT')
}

// COPY is much faster into tables without indexes and foreign keys. Primary keys stay, because foreign keys need them.
const foreignKeysText = `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS make
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'f' AND conparentid = 0`
const indexesText = `SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS make
  FROM pg_index JOIN pg_class table_ ON table_.oid = indrelid
  WHERE table_.relnamespace = 'public'::regnamespace AND NOT table_.relispartition AND table_.relname <> '_prisma_migrations'
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))`

async function beginLoading(client: pg.Client): Promise<DatabaseRestore> {
  await client.query('BEGIN')
  const keys = (await client.query<{ drop: string; make: string }>(foreignKeysText)).rows
  const indexes = (await client.query<{ drop: string; make: string }>(indexesText)).rows
  for (const { drop } of [...keys, ...indexes]) await client.query(drop)
  // Some migrations add rows to a new database.
  const tables = (await readTables(client)).map(table => client.escapeIdentifier(table.name))
  await client.query(`TRUNCATE ${tables.join(', ')}`)
  return {
    load: (table, rows) => loadRows(client, table, rows),
    async finish(sequences) {
      for (const { make } of [...indexes, ...keys]) await client.query(make)
      for (const [name, value] of Object.entries(sequences))
        await client.query('SELECT setval(format($$%I$$, $1::text), $2::bigint)', [name, value])
      await client.query('COMMIT')
      await client.query('ANALYZE')
    },
    close: () => client.end(),
  }
}

async function loadRows(client: pg.Client, table: Table, rows: Uint8Array): Promise<number> {
  const text = `COPY ${client.escapeIdentifier(table.name)} (${columnsText(client, table)}) FROM STDIN`
  const copy = client.query(copyFrom(text))
  await pipeline(Readable.from([rows], { objectMode: false }), copy)
  return copy.rowCount
}
