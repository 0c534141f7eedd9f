import { hash } from '../clock.ts'
import type { Ground } from '../ground.ts'
import { isHostName } from '../rules/names.ts'

/** admin may do everything; trigger may only ask for builds. */
export type TokenScope = 'admin' | 'trigger'

/** A new API token, shown once; undefined if the name is taken or no name. */
export async function createToken(
  { db, now, random }: Ground,
  name: string,
  scope: TokenScope,
): Promise<string | undefined> {
  if (!isHostName(name)) return undefined
  const token = `rft-${random()}`
  const { count } = await db.apiToken.createMany({
    data: { name, hash: hash(token), scope, createdAt: now() },
    skipDuplicates: true,
  })
  return count === 1 ? token : undefined
}

/** Fewer characters than these can be guessed. */
const tokenLengthMin = 16

/**
 * Makes a token that the operator keeps in a file known to the farm; the same one again changes nothing. Throws for a token
 * that can be guessed: an empty one would make everybody an administrator.
 */
export async function admitToken({ db, now }: Ground, name: string, token: string, scope: TokenScope): Promise<void> {
  if (token.length < tokenLengthMin)
    throw new Error(`the token ${name} has ${token.length} characters; it needs at least ${tokenLengthMin}`)
  const row = { hash: hash(token), scope, revokedAt: null }
  await db.apiToken.upsert({ where: { name }, create: { name, createdAt: now(), ...row }, update: row })
}

export async function revokeToken({ db, now }: Ground, name: string): Promise<boolean> {
  const { count } = await db.apiToken.updateMany({ where: { name, revokedAt: null }, data: { revokedAt: now() } })
  return count === 1
}

/** Who bears this token, or undefined. No token is shorter than `tokenLengthMin`, whatever a database holds. */
export async function tokenBearer(
  { db }: Ground,
  token: string,
): Promise<{ name: string; scope: TokenScope } | undefined> {
  if (token.length < tokenLengthMin) return undefined
  const row = await db.apiToken.findUnique({ where: { hash: hash(token) } })
  return row && !row.revokedAt ? { name: row.name, scope: row.scope as TokenScope } : undefined
}
