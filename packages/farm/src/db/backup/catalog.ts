import type { ClientBase } from 'pg'

/** A table of the farm, with the columns whose values a backup contains. */
export interface Table {
  name: string
  columns: string[]
}

const tablesText = `SELECT table_.relname AS name, array_agg(column_.attname::text ORDER BY column_.attnum) AS columns
  FROM pg_class table_
  JOIN pg_attribute column_ ON column_.attrelid = table_.oid
  WHERE table_.relnamespace = 'public'::regnamespace AND table_.relkind IN ('r', 'p') AND NOT table_.relispartition
    AND table_.relname <> '_prisma_migrations'
    AND column_.attnum > 0 AND NOT column_.attisdropped AND column_.attgenerated = ''
  GROUP BY table_.relname ORDER BY table_.relname`

/** The tables of the farm, in the order of their names. The history of the migrations is not one of them. */
export const readTables = async (client: ClientBase): Promise<Table[]> => (await client.query<Table>(tablesText)).rows

/** The last value of each used sequence. As texts, because JavaScript's numbers are too small for large values. */
export type Sequences = Record<string, string>

const sequencesText = `SELECT sequencename AS name, last_value::text AS value FROM pg_sequences
  WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY sequencename`

export async function readSequences(client: ClientBase): Promise<Sequences> {
  const { rows } = await client.query<{ name: string; value: string }>(sequencesText)
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

/** The list of the columns for a COPY statement. */
export const columnsText = (client: ClientBase, { columns }: Table): string =>
  columns.map(name => client.escapeIdentifier(name)).join(', ')
