import { hash, later } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { isTokenName } from '../hosts/names.rule.ts'

/** admin may do everything; trigger may only start builds of commits, and try only builds of uploaded trees. */
export type TokenScope = 'admin' | 'trigger' | 'try'

/** A new API token, shown once; undefined if another token has the name, or if the name is not allowed. */
export async function createToken(
  { db, now, random }: Context,
  name: string,
  scope: TokenScope,
): Promise<string | undefined> {
  if (!isTokenName(name)) return undefined
  const token = `rft-${random()}`
  const { count } = await db.models.apiToken.createMany({
    data: { name, hash: hash(token), scope, createdAt: now() },
    skipDuplicates: true,
  })
  return count === 1 ? token : undefined
}

/** A shorter token can be guessed. */
const tokenLengthMin = 16

export type Admission =
  /** The token is valid. */
  | { kind: 'admitted' }
  /** The token is valid. The token that had this name before is not valid any more. */
  | { kind: 'replaced' }
  /** The token was revoked before, under this or another name. The farm changes nothing. */
  | { kind: 'revoked' }
  /** The token is valid under another name. The farm changes nothing. */
  | { kind: 'other-token'; name: string }

/**
 * Makes the operator's token, from a file or the environment, valid. An earlier token of this name stops working, and
 * so do its login links and sessions. The earlier token can be admitted again, unless it was revoked. Throws if the
 * token is so short that somebody can guess it. An empty token would make everybody an administrator.
 */
export async function admitToken(context: Context, name: string, token: string, scope: TokenScope): Promise<Admission> {
  if (token.length < tokenLengthMin)
    throw new Error(`the token ${name} has ${token.length} characters; it needs at least ${tokenLengthMin}`)
  const wanted = hash(token)
  const at = context.now()
  return inTransaction(context, async (tx): Promise<Admission> => {
    const [other] = await tx.query<{ name: string }>`
      SELECT "name" FROM "ApiToken" WHERE "hash" = ${wanted} AND "revokedAt" IS NULL AND "name" <> ${name}`
    if (other) return { kind: 'other-token', name: other.name }
    const [before] = await tx.query<{ hash: string }>`SELECT "hash" FROM "ApiToken" WHERE "name" = ${name}`
    // If another server revokes the token at this moment, the subquery does not see the new row of RevokedToken, but
    // the last line of the statement sees the changed row of ApiToken.
    const admitted = await tx.execute`
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

/** Revokes a token, and ends its login links and sessions. Returns false if no valid token has this name. */
export async function revokeToken(context: Context, name: string): Promise<boolean> {
  return inTransaction(context, async tx => {
    const at = context.now()
    const [row] = await tx.query<{ hash: string }>`
      UPDATE "ApiToken" SET "revokedAt" = ${at} WHERE "name" = ${name} AND "revokedAt" IS NULL RETURNING "hash"`
    if (!row) return false
    await tx.execute`
      INSERT INTO "RevokedToken" ("hash", "revokedAt") VALUES (${row.hash}, ${at}) ON CONFLICT DO NOTHING`
    await endOrphanedLogins(tx)
    return true
  })
}

/**
 * A login link or session is valid only while its token is valid. If a token is admitted again, its old logins must not
 * become valid again.
 */
const endOrphanedLogins = (tx: Tx) =>
  tx.execute`
    DELETE FROM "Login" WHERE NOT EXISTS (
      SELECT 1 FROM "ApiToken" WHERE "ApiToken"."hash" = "Login"."tokenHash" AND "ApiToken"."revokedAt" IS NULL)`

export interface TokenView {
  name: string
  scope: TokenScope
  createdAt: Date
  /** The farm updates this time at most once a minute. */
  lastUsedAt: Date | null
  revokedAt: Date | null
}

/** Tokens in the order of their names, after `after`. */
export async function listTokens(
  { db }: Context,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<TokenView[]> {
  const rows = await db.models.apiToken.findMany({
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
  /** Identifies the token. The name cannot identify it, because another token may have the same name later. */
  hash: string
}

/** Undefined if the token is not valid. A token shorter than `tokenLengthMin` is not valid, even if its row exists. */
export async function findToken({ db, now }: Context, token: string): Promise<TokenBearer | undefined> {
  if (token.length < tokenLengthMin) return undefined
  const row = await db.models.apiToken.findUnique({ where: { hash: hash(token) } })
  if (!row || row.revokedAt) return undefined
  const at = now()
  if (!row.lastUsedAt || row.lastUsedAt < later(at, -60))
    await db.models.apiToken.update({ where: { id: row.id }, data: { lastUsedAt: at } })
  return { name: row.name, scope: row.scope as TokenScope, hash: row.hash }
}
