import { hash, later } from '../clock.ts'
import type { Ground } from '../ground.ts'
import { isTokenName } from '../rules/names.ts'

/** admin may do everything; trigger may only ask for builds. */
export type TokenScope = 'admin' | 'trigger'

/** A new API token, shown once; undefined if the name is taken or no name. */
export async function createToken(
  { db, now, random }: Ground,
  name: string,
  scope: TokenScope,
): Promise<string | undefined> {
  if (!isTokenName(name)) return undefined
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
 * that can be guessed: an empty one would make everybody an administrator. A token that was revoked stays so (false);
 * another one of this name is a new token.
 */
export async function admitToken(
  { db, now }: Ground,
  name: string,
  token: string,
  scope: TokenScope,
): Promise<boolean> {
  if (token.length < tokenLengthMin)
    throw new Error(`the token ${name} has ${token.length} characters; it needs at least ${tokenLengthMin}`)
  const at = now()
  const admitted = await db.$executeRaw`
    INSERT INTO "ApiToken" AS known ("name", "hash", "scope", "createdAt") VALUES (${name}, ${hash(token)}, ${scope}, ${at})
    ON CONFLICT ("name") DO UPDATE SET "hash" = EXCLUDED."hash", "scope" = EXCLUDED."scope", "revokedAt" = NULL,
           "createdAt" = CASE WHEN known."hash" = EXCLUDED."hash" THEN known."createdAt" ELSE EXCLUDED."createdAt" END
     WHERE known."revokedAt" IS NULL OR known."hash" <> EXCLUDED."hash"`
  return admitted === 1
}

/** Makes a token useless, permanently, with the login links and the sessions that were made with it. */
export async function revokeToken({ db, now }: Ground, name: string): Promise<boolean> {
  return db.$transaction(async tx => {
    const { count } = await tx.apiToken.updateMany({ where: { name, revokedAt: null }, data: { revokedAt: now() } })
    if (count === 1) await tx.login.deleteMany({ where: { tokenName: name } })
    return count === 1
  })
}

export interface TokenView {
  name: string
  scope: TokenScope
  createdAt: Date
  /** To the minute. */
  lastUsedAt: Date | null
  revokedAt: Date | null
}

/** Tokens in the order of their names, after `after`. */
export async function listTokens(
  { db }: Ground,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<TokenView[]> {
  const rows = await db.apiToken.findMany({
    where: after === undefined ? {} : { name: { gt: after } },
    select: { name: true, scope: true, createdAt: true, lastUsedAt: true, revokedAt: true },
    orderBy: { name: 'asc' },
    take: limit,
  })
  return rows.map(row => ({ ...row, scope: row.scope as TokenScope }))
}

/** Who bears this token, or undefined. No token is shorter than `tokenLengthMin`, whatever a database holds. */
export async function tokenBearer(
  { db, now }: Ground,
  token: string,
): Promise<{ name: string; scope: TokenScope } | undefined> {
  if (token.length < tokenLengthMin) return undefined
  const row = await db.apiToken.findUnique({ where: { hash: hash(token) } })
  if (!row || row.revokedAt) return undefined
  const at = now()
  if (!row.lastUsedAt || row.lastUsedAt < later(at, -60))
    await db.apiToken.update({ where: { id: row.id }, data: { lastUsedAt: at } })
  return { name: row.name, scope: row.scope as TokenScope }
}
