import { createHash } from 'node:crypto'

// The farm's own statements are some sixty; Prisma writes one for each length of a list.
const namedMax = 300
const names = new Map<string, string>()

/**
 * A statement's name, so that each connection parses and plans it once: PostgreSQL spent two thirds of a trivial job's
 * CPU on that. Undefined once there are too many: a connection keeps what it has prepared for good.
 */
export function nameStatement(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || names.size >= namedMax) return known
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  names.set(text, name)
  return name
}
