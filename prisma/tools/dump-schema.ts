import pg from 'pg'

const header = `-- The database's schema, as the migrations create it: tables with their indexes and settings, then the foreign keys, then
-- the views.
-- "node prisma/tools/migrate.mjs dump" writes this file from a migrated database, and a test compares the two. Do not edit it.
`

/** The tables of the farm, without the tables of BullMQ and the history of the migrations. */
const farmTables = `SELECT oid, relname FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'`

// A column that owns a sequence is "serial" or "bigserial", as in the migrations.
const columnsQuery = `SELECT quote_ident(relname) AS table, quote_ident(attname) || ' ' ||
    CASE WHEN pg_get_serial_sequence(quote_ident(relname), attname) IS NOT NULL THEN CASE atttypid WHEN 'bigint'::regtype THEN 'bigserial' ELSE 'serial' END
         ELSE format_type(atttypid, atttypmod) ||
              CASE attgenerated WHEN '' THEN COALESCE(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
                   ELSE ' GENERATED ALWAYS AS ' || pg_get_expr(adbin, adrelid) || ' STORED' END END ||
    CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END AS text
  FROM (${farmTables}) tables JOIN pg_attribute ON attrelid = tables.oid
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE attnum > 0 AND NOT attisdropped
 ORDER BY relname COLLATE "C", attnum`

// Since PostgreSQL 18, NOT NULL is also a constraint. This query omits these constraints, because the text of the
// column already contains NOT NULL.
const constraintsQuery = `SELECT quote_ident(relname) AS table, contype AS type, quote_ident(conname) AS name, pg_get_constraintdef(pg_constraint.oid, true) AS text
  FROM (${farmTables}) tables JOIN pg_constraint ON conrelid = tables.oid
 WHERE contype <> 'n'
 ORDER BY relname COLLATE "C", contype <> 'p', conname COLLATE "C"`

const indexesQuery = `SELECT quote_ident(relname) AS table, pg_get_indexdef(indexrelid, 0, true) AS text
  FROM (${farmTables}) tables JOIN pg_index ON indrelid = tables.oid
 WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
 ORDER BY relname COLLATE "C", indexrelid::regclass::text COLLATE "C"`

const settingsQuery = `SELECT quote_ident(relname) AS table, array_to_string(ARRAY(SELECT unnest(reloptions) ORDER BY 1), ', ') AS text
  FROM (${farmTables}) tables JOIN pg_class USING (oid, relname) WHERE reloptions IS NOT NULL
 ORDER BY relname COLLATE "C"`

const viewsQuery = `SELECT quote_ident(relname) AS table, pg_get_viewdef(oid, true) AS text FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' ORDER BY relname COLLATE "C"`

const unknownQuery = `SELECT 'relation ' || oid::regclass AS text FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'i', 'S', 'v')
  UNION ALL SELECT 'routine ' || oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd', 'r')
  UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal`

interface Piece {
  table: string
  text: string
}

interface Constraint extends Piece {
  type: string
  name: string
}

/** The schema of the tables as SQL, always in the same order. Throws if the schema has an object of an unknown kind. */
export const dumpSchema = async (url: string): Promise<string> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const read = async <Row>(query: string): Promise<Row[]> => (await client.query(query)).rows
    const unknown = await read<{ text: string }>(unknownQuery)
    if (unknown.length > 0)
      throw new Error(`prisma/tools/dump-schema.ts cannot write: ${unknown.map(({ text }) => text).join(', ')}`)
    return schemaText({
      columns: await read<Piece>(columnsQuery),
      constraints: await read<Constraint>(constraintsQuery),
      indexes: await read<Piece>(indexesQuery),
      settings: await read<Piece>(settingsQuery),
      views: await read<Piece>(viewsQuery),
    })
  } finally {
    await client.end()
  }
}

interface Pieces {
  columns: Piece[]
  constraints: Constraint[]
  indexes: Piece[]
  settings: Piece[]
  views: Piece[]
}

const schemaText = ({ columns, constraints, indexes, settings, views }: Pieces): string => {
  const tables = [...new Set(columns.map(({ table }) => table))]
  const parts = tables.map(table => {
    const own = <P extends Piece>(pieces: P[]) => pieces.filter(piece => piece.table === table)
    const lines = [
      ...own(columns).map(({ text }) => text),
      ...own(constraints).flatMap(({ type, name, text }) => (type === 'f' ? [] : [`CONSTRAINT ${name} ${text}`])),
    ]
    const indexLines = own(indexes).map(({ text }) => `${text};\n`)
    const setLines = own(settings).map(({ text }) => `ALTER TABLE ${table} SET (${text});\n`)
    return `CREATE TABLE ${table} (\n${lines.map(line => `  ${line}`).join(',\n')}\n);\n${[...indexLines, ...setLines].join('')}`
  })
  const foreignKeys = constraints
    .filter(({ type }) => type === 'f')
    .map(({ table, name, text }) => `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${text};\n`)
  const viewParts = views.map(({ table, text }) => `CREATE VIEW ${table} AS\n${text}\n`)
  return [header, ...parts, foreignKeys.join(''), ...viewParts].join('\n')
}
