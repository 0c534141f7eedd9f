import { hash, later } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/client.ts'
import { isTokenName } from '../hosts/names.rule.ts'

/** admin may do everything; trigger may only ask for builds. */
export type TokenScope = 'admin' | 'trigger'

/** A new API token, shown once; undefined if the name is taken or no name. */
export async function createToken(
  { db, now, random }: Context,
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

export type Admission =
  /** It is valid, as it was before or for the first time. */
  | { kind: 'admitted' }
  /** It is valid, and the one that had this name before no longer is. */
  | { kind: 'replaced' }
  /** It was revoked once, under whatever name; nothing was changed. */
  | { kind: 'revoked' }
  /** It is a token of another name; nothing was changed. */
  | { kind: 'other-token'; name: string }

/**
 * Makes a token that the operator keeps in a file or in the environment known to the farm. The one that had its name before
 * ends, with its links and sessions; it may come back, unless it was revoked. Throws for a token that can be guessed: an empty
 * one would make everybody an administrator.
 */
export async function admitToken(
  { db, now }: Context,
  name: string,
  token: string,
  scope: TokenScope,
): Promise<Admission> {
  if (token.length < tokenLengthMin)
    throw new Error(`the token ${name} has ${token.length} characters; it needs at least ${tokenLengthMin}`)
  const wanted = hash(token)
  const at = now()
  return db.$transaction(async tx => {
    const other = await tx.apiToken.findFirst({ where: { hash: wanted, revokedAt: null, name: { not: name } } })
    if (other) return { kind: 'other-token', name: other.name }
    const before = await tx.apiToken.findUnique({ where: { name } })
    // The last line is for a token that another server revokes at this moment: its row is newer than this statement's view.
    const admitted = await tx.$executeRaw`
      INSERT INTO "ApiToken" AS known ("name", "hash", "scope", "createdAt")
      SELECT ${name}, ${wanted}, ${scope}, ${at} WHERE NOT EXISTS (SELECT 1 FROM "RevokedToken" WHERE "hash" = ${wanted})
      ON CONFLICT ("name") DO UPDATE SET "hash" = EXCLUDED."hash", "scope" = EXCLUDED."scope", "revokedAt" = NULL,
             "createdAt" = CASE WHEN known."hash" = EXCLUDED."hash" THEN known."createdAt" ELSE EXCLUDED."createdAt" END
       WHERE known."revokedAt" IS NULL OR known."hash" <> EXCLUDED."hash"`
    if (admitted === 0) return { kind: 'revoked' }
    await endOrphanedLogins(tx)
    return { kind: before && before.hash !== wanted ? 'replaced' : 'admitted' }
  })
}

/** Makes a token useless, permanently, with the login links and the sessions that were made with it. */
export async function revokeToken({ db, now }: Context, name: string): Promise<boolean> {
  return db.$transaction(async tx => {
    const at = now()
    const where = { name, revokedAt: null }
    const [row] = await tx.apiToken.updateManyAndReturn({ where, data: { revokedAt: at }, select: { hash: true } })
    if (!row) return false
    await tx.revokedToken.createMany({ data: { hash: row.hash, revokedAt: at }, skipDuplicates: true })
    await endOrphanedLogins(tx)
    return true
  })
}

/** Without their token they are refused anyway; if that token is admitted again, they must not come back with it. */
const endOrphanedLogins = (tx: Tx) =>
  tx.$executeRaw`
    DELETE FROM "Login" WHERE NOT EXISTS (
      SELECT 1 FROM "ApiToken" WHERE "ApiToken"."hash" = "Login"."tokenHash" AND "ApiToken"."revokedAt" IS NULL)`

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
  { db }: Context,
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

/** A valid token. */
export interface TokenBearer {
  name: string
  scope: TokenScope
  /** Names this very token: another one may have its name later. */
  hash: string
}

/** Who bears this token, or undefined. No token is shorter than `tokenLengthMin`, whatever a database holds. */
export async function tokenBearer({ db, now }: Context, token: string): Promise<TokenBearer | undefined> {
  if (token.length < tokenLengthMin) return undefined
  const row = await db.apiToken.findUnique({ where: { hash: hash(token) } })
  if (!row || row.revokedAt) return undefined
  const at = now()
  if (!row.lastUsedAt || row.lastUsedAt < later(at, -60))
    await db.apiToken.update({ where: { id: row.id }, data: { lastUsedAt: at } })
  return { name: row.name, scope: row.scope as TokenScope, hash: row.hash }
}
