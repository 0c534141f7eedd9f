import { hash, later } from '../clock.ts'
import type { Ground } from '../ground.ts'

const linkSeconds = 600
/** A week: long enough not to be in the way, short enough for a browser that was left open. */
const sessionSeconds = 7 * 24 * 3600

export interface LoginLink {
  token: string
  expiresAt: Date
}

/**
 * A one-time way in for an administrator's browser, made with this token: it ends with it. Only its hash is kept; what has
 * expired is cleared away.
 */
export async function createLoginLink({ db, now, random }: Ground, tokenName: string): Promise<LoginLink> {
  const token = random()
  const expiresAt = later(now(), linkSeconds)
  await db.login.deleteMany({ where: { expiresAt: { lt: now() } } })
  await db.login.create({ data: { linkHash: hash(token), tokenName, createdAt: now(), expiresAt } })
  return { token, expiresAt }
}

export type LoginOutcome =
  | { kind: 'logged-in'; session: string; seconds: number }
  /** Unknown, expired, or used before: a stranger learns nothing of which. */
  | { kind: 'link-not-valid' }

/** Uses up a link. The conditional UPDATE decides between two browsers, on however many servers. */
export async function logIn({ db, now, random }: Ground, token: string): Promise<LoginOutcome> {
  const session = random()
  const { count } = await db.login.updateMany({
    where: { linkHash: hash(token), usedAt: null, expiresAt: { gt: now() } },
    data: { usedAt: now(), sessionHash: hash(session), expiresAt: later(now(), sessionSeconds) },
  })
  return count === 1 ? { kind: 'logged-in', session, seconds: sessionSeconds } : { kind: 'link-not-valid' }
}

/** The name of the token that this administrator's session was made with; undefined if it has ended, or never was. */
export async function tokenOfSession({ db, now }: Ground, session: string): Promise<string | undefined> {
  const login = await db.login.findFirst({
    where: { sessionHash: hash(session), expiresAt: { gt: now() } },
    select: { tokenName: true },
  })
  return login?.tokenName
}

export async function logOut({ db }: Ground, session: string): Promise<void> {
  await db.login.deleteMany({ where: { sessionHash: hash(session) } })
}
