/**
 * Whether servers of an older version can use the database after the migration with this name. Such a migration only adds
 * tables, columns and indexes. So the servers of a farm can be updated one after the other.
 */
export const isExpanding = (name: string): boolean => name.endsWith('_expand')

/** Statements after which an older version can fail, or can write rows that the newer version does not accept. */
const breaking: [RegExp, string][] = [
  [/^\s*(DROP|TRUNCATE)\b/i, 'it drops or empties something'],
  [/\bDROP\s+(COLUMN|CONSTRAINT|TABLE|DEFAULT)\b/i, 'it drops something'],
  [/\bRENAME\b/i, 'it renames something'],
  [/\bALTER\s+COLUMN\b[\s\S]*\b(TYPE|SET\s+NOT\s+NULL)\b/i, 'it changes a column'],
  [/\bADD\s+COLUMN\b(?=[^,;]*\bNOT\s+NULL\b)(?![^,;]*\bDEFAULT\b)/i, 'an older version does not fill the new column'],
  [/^\s*ALTER\s+TABLE\b[\s\S]*\bADD\s+CONSTRAINT\b/i, 'an older version does not know the constraint'],
  [/^\s*CREATE\s+UNIQUE\s+INDEX\b/i, 'an older version does not know the unique index'],
  [/^\s*(UPDATE|DELETE|INSERT)\b/i, 'older servers write rows meanwhile'],
]

/** Why a migration with this SQL must not have a name that ends with `_expand`: one sentence for each statement. */
export function breakingStatements(sql: string): string[] {
  const withoutComments = sql.replace(/--.*$/gm, '')
  return withoutComments.split(';').flatMap(statement => {
    const found = breaking.find(([pattern]) => pattern.test(statement))
    return found ? [`${statement.trim().split('\n')[0]}: ${found[1]}`] : []
  })
}
