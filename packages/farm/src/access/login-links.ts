import { hash, later } from '../clock.ts'
import type { Context } from '../context.ts'
import type { TokenBearer } from './tokens.ts'

const linkSeconds = 600
/**
 * A week. So administrators need not log in often, and a browser that somebody left open does not stay logged in.
 */
const sessionSeconds = 7 * 24 * 3600

export interface LoginLink {
  token: string
  expiresAt: Date
}

/**
 * A one-time link that logs an administrator's browser in. The link belongs to the token with this hash: if the token
 * is revoked, the link stops working. Returns undefined if the token is already revoked. The farm stores only the
 * link's hash.
 */
export async function createLoginLink({ db, now, random }: Context, tokenHash: string): Promise<LoginLink | undefined> {
  const token = random()
  const at = now()
  const expiresAt = later(at, linkSeconds)
  await db.models.login.deleteMany({ where: { expiresAt: { lt: at } } })
  const added = await db.execute`
    INSERT INTO "Login" ("linkHash", "tokenHash", "createdAt", "expiresAt")
    SELECT ${hash(token)}, "hash", ${at}, ${expiresAt} FROM "ApiToken"
     WHERE "hash" = ${tokenHash} AND "revokedAt" IS NULL AND "scope" = 'admin'`
  return added === 1 ? { token, expiresAt } : undefined
}

export type LoginOutcome =
  | { kind: 'logged-in'; session: string; seconds: number }
  /** The link is unknown, expired or used. The answer does not show which of these is true. */
  | { kind: 'link-not-valid' }

/** Uses a link. If two browsers use one link, the conditional UPDATE accepts only one, even on different servers. */
export async function logIn({ db, now, random }: Context, token: string): Promise<LoginOutcome> {
  const session = random()
  const at = now()
  const used = await db.execute`
    UPDATE "Login" SET "usedAt" = ${at}, "sessionHash" = ${hash(session)}, "expiresAt" = ${later(at, sessionSeconds)}
     WHERE "linkHash" = ${hash(token)} AND "usedAt" IS NULL AND "expiresAt" > ${at} AND EXISTS (
       SELECT 1 FROM "ApiToken" WHERE "hash" = "tokenHash" AND "revokedAt" IS NULL AND "scope" = 'admin')`
  return used === 1 ? { kind: 'logged-in', session, seconds: sessionSeconds } : { kind: 'link-not-valid' }
}

/** The token that created this session; undefined if the session or the token is not valid. */
export async function findSession({ db, now }: Context, session: string): Promise<TokenBearer | undefined> {
  const [bearer] = await db.query<TokenBearer>`
    SELECT token."name", token."scope", token."hash" FROM "Login" login JOIN "ApiToken" token ON token."hash" = login."tokenHash"
     WHERE login."sessionHash" = ${hash(session)} AND login."expiresAt" > ${now()}
       AND token."revokedAt" IS NULL AND token."scope" = 'admin'`
  return bearer
}

export async function logOut({ db }: Context, session: string): Promise<void> {
  await db.models.login.deleteMany({ where: { sessionHash: hash(session) } })
}
