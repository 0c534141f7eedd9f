import { createHash } from 'node:crypto'

// The farm has about sixty statements. Prisma adds a statement for each length of a list.
const namedMax = 300
const names = new Map<string, string>()

/**
 * A name for a statement, so that each connection parses and plans the statement only once. Without names, PostgreSQL
 * spent two thirds of a trivial job's CPU time on parsing and planning. Undefined if there are too many names, because
 * every connection keeps its prepared statements until the connection closes.
 */
export function nameStatement(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || names.size >= namedMax) return known
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  names.set(text, name)
  return name
}
