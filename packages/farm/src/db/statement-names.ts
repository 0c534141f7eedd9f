import { createHash } from 'node:crypto'

// Commands are about sixty statements. Pages add one for each combination of filters, and Prisma for each length of a list.
const namedMax = 300

/** A statement has the same name at each connection. */
export const statementName = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

/**
 * Names for the statements of one pool, so that each connection parses and plans a statement only once. Without names,
 * PostgreSQL spent two thirds of a trivial job's CPU time on parsing and planning. The name is undefined after 300
 * statements, because every connection keeps its prepared statements until the connection closes.
 */
export function statementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>()
  return text => {
    const known = names.get(text)
    if (known !== undefined || names.size >= namedMax) return known
    const name = statementName(text)
    names.set(text, name)
    return name
  }
}
