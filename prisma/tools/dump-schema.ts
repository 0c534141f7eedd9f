import pg from 'pg'

const header = `-- The database's schema, as the migrations create it: tables, then their indexes, then the foreign keys.
-- "node prisma/tools/migrate.mjs dump" writes this file from a migrated database, and a test compares the two. Do not edit it.
`

/** The tables of the farm, without the tables of BullMQ and the history of the migrations. */
const farmTables = `SELECT oid, relname FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_prisma_migrations'`

// A column that owns a sequence is "serial", as in the migrations.
const columnsQuery = `SELECT quote_ident(relname) AS table, quote_ident(attname) || ' ' ||
    CASE WHEN pg_get_serial_sequence(quote_ident(relname), attname) IS NOT NULL THEN 'serial'
         ELSE format_type(atttypid, atttypmod) || COALESCE(' DEFAULT ' || pg_get_expr(adbin, adrelid), '') END ||
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

const unknownQuery = `SELECT 'relation ' || oid::regclass AS text FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'i', 'S')
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
    const [columns, constraints, indexes] = [
      await read<Piece>(columnsQuery),
      await read<Constraint>(constraintsQuery),
      await read<Piece>(indexesQuery),
    ]
    return schemaText(columns, constraints, indexes)
  } finally {
    await client.end()
  }
}

const schemaText = (columns: Piece[], constraints: Constraint[], indexes: Piece[]): string => {
  const tables = [...new Set(columns.map(({ table }) => table))]
  const parts = tables.map(table => {
    const own = <P extends Piece>(pieces: P[]) => pieces.filter(piece => piece.table === table)
    const lines = [
      ...own(columns).map(({ text }) => text),
      ...own(constraints).flatMap(({ type, name, text }) => (type === 'f' ? [] : [`CONSTRAINT ${name} ${text}`])),
    ]
    const indexLines = own(indexes).map(({ text }) => `${text};\n`)
    return `CREATE TABLE ${table} (\n${lines.map(line => `  ${line}`).join(',\n')}\n);\n${indexLines.join('')}`
  })
  const foreignKeys = constraints
    .filter(({ type }) => type === 'f')
    .map(({ table, name, text }) => `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${text};\n`)
  return [header, ...parts, foreignKeys.join('')].join('\n')
}
