import { hash, later } from '../clock.ts'
import type { Context } from '../context.ts'
import type { TokenBearer } from './tokens.ts'

const linkSeconds = 600
/** A week: long enough not to be in the way, short enough for a browser that was left open. */
const sessionSeconds = 7 * 24 * 3600

export interface LoginLink {
  token: string
  expiresAt: Date
}

/**
 * A one-time way in for an administrator's browser, made with the token of this hash: it ends with that token, and there is
 * none (undefined) if the token has ended. Only the link's hash is kept; what has expired is cleared away.
 */
export async function createLoginLink({ db, now, random }: Context, tokenHash: string): Promise<LoginLink | undefined> {
  const token = random()
  const at = now()
  const expiresAt = later(at, linkSeconds)
  await db.login.deleteMany({ where: { expiresAt: { lt: at } } })
  const made = await db.$executeRaw`
    INSERT INTO "Login" ("linkHash", "tokenHash", "createdAt", "expiresAt")
    SELECT ${hash(token)}, "hash", ${at}, ${expiresAt} FROM "ApiToken"
     WHERE "hash" = ${tokenHash} AND "revokedAt" IS NULL AND "scope" = 'admin'`
  return made === 1 ? { token, expiresAt } : undefined
}

export type LoginOutcome =
  | { kind: 'logged-in'; session: string; seconds: number }
  /** Unknown, expired, or used before: a stranger learns nothing of which. */
  | { kind: 'link-not-valid' }

/** Uses up a link. The conditional UPDATE decides between two browsers, on however many servers. */
export async function logIn({ db, now, random }: Context, token: string): Promise<LoginOutcome> {
  const session = random()
  const at = now()
  const used = await db.$executeRaw`
    UPDATE "Login" SET "usedAt" = ${at}, "sessionHash" = ${hash(session)}, "expiresAt" = ${later(at, sessionSeconds)}
     WHERE "linkHash" = ${hash(token)} AND "usedAt" IS NULL AND "expiresAt" > ${at} AND EXISTS (
       SELECT 1 FROM "ApiToken" WHERE "hash" = "tokenHash" AND "revokedAt" IS NULL AND "scope" = 'admin')`
  return used === 1 ? { kind: 'logged-in', session, seconds: sessionSeconds } : { kind: 'link-not-valid' }
}

/** The token that this administrator's session was made with; undefined if either has ended, or never was. */
export async function tokenOfSession({ db, now }: Context, session: string): Promise<TokenBearer | undefined> {
  const [bearer] = await db.$queryRaw<TokenBearer[]>`
    SELECT token."name", token."scope", token."hash" FROM "Login" login JOIN "ApiToken" token ON token."hash" = login."tokenHash"
     WHERE login."sessionHash" = ${hash(session)} AND login."expiresAt" > ${now()}
       AND token."revokedAt" IS NULL AND token."scope" = 'admin'`
  return bearer
}

export async function logOut({ db }: Context, session: string): Promise<void> {
  await db.login.deleteMany({ where: { sessionHash: hash(session) } })
}
