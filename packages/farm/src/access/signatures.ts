import { timingSafeEqual } from 'node:crypto'
import { keyLetters, type RequestSignature, requestText } from '@rumpfarm/contracts'
import { hash, invitationToken, later, sign } from '../clock.ts'
import type { Context } from '../context.ts'

/** Who may sign, and with what: a host, or whoever holds an invitation. */
export interface Signer {
  key: string
  host?: { id: number; name: string }
  invitation?: { token: string }
}

/** The key of whoever holds this invitation. Its public id, the token's hash, tells nothing of it. */
export const invitationKey = (token: string): string => keyLetters(hash(`rumpfarm key ${token}`))

/** The key of the host that was enrolled with this invitation and nonce: both sides make it, neither sends it. */
export const hostKey = (token: string, nonce: string): string =>
  keyLetters(sign(invitationKey(token), `host ${nonce}\n`))

/** Who signs under these names: hosts' names, or invitations' public ids. */
export async function signersNamed({ db, settings }: Context, names: readonly string[]): Promise<Map<string, Signer>> {
  const [hosts, invitations] = await Promise.all([
    db.$queryRaw<SigningHost[]>`
      SELECT "id", "name", "keySeed", "keyNonce", "removedAt" FROM "Host" WHERE "name" = ANY(${names})`,
    db.$queryRaw<{ tokenHash: string; seed: string }[]>`
      SELECT "tokenHash", "seed" FROM "Invitation" WHERE "tokenHash" = ANY(${names}) AND "seed" IS NOT NULL`,
  ])
  const signers = new Map<string, Signer>()
  for (const { tokenHash, seed } of invitations) {
    const token = invitationToken(settings.secret, seed)
    signers.set(tokenHash, { key: invitationKey(token), invitation: { token } })
  }
  for (const { id, name, keySeed, keyNonce, removedAt } of hosts) {
    signers.delete(name) // a host's name counts, also of one that may not sign
    if (keySeed === null || keyNonce === null || removedAt) continue
    signers.set(name, { key: hostKey(invitationToken(settings.secret, keySeed), keyNonce), host: { id, name } })
  }
  return signers
}

interface SigningHost {
  id: number
  name: string
  keySeed: string | null
  keyNonce: string | null
  removedAt: Date | null
}

export interface SignedRequest extends RequestSignature {
  method: string
  /** sha256 of the body, in hexadecimal. */
  bodySum: string
}

export type SignatureOutcome =
  | { kind: 'good' }
  /** Not signed by this key. */
  | { kind: 'forged' }
  /** Too old, or from the future; `now` is the farm's time in seconds. */
  | { kind: 'wrong-time'; now: number }
  /** Its number, or a later one, was there before. */
  | { kind: 'replayed' }

/** How far a request's time may be from the farm's: longer than any client waits, so that a late one is nobody's any more. */
export const signedWindowSeconds = 300

/** Whether this very request was signed by that key, now, and is here for the first time, on whichever server of the farm. */
export async function checkSignature(context: Context, key: string, request: SignedRequest): Promise<SignatureOutcome> {
  const expected = sign(key, requestText(request.method, request.target, request.bodySum))
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(request.signature))) return { kind: 'forged' }
  const now = Math.floor(context.now().getTime() / 1000)
  if (Math.abs(now - request.time) > signedWindowSeconds) return { kind: 'wrong-time', now }
  return (await countRequest(context, request)) ? { kind: 'good' } : { kind: 'replayed' }
}

/** One small UPDATE for each request: a process counts its requests, so that none need be remembered but the newest. */
async function countRequest({ db, now }: Context, { by, run, count }: SignedRequest): Promise<boolean> {
  const counted = await db.$executeRaw`
    INSERT INTO "SignedRun" ("by", "run", "count", "seenAt") VALUES (${by}, ${run}, ${count}, ${now()})
    ON CONFLICT ("by", "run") DO UPDATE SET "count" = EXCLUDED."count", "seenAt" = EXCLUDED."seenAt"
      WHERE "SignedRun"."count" < EXCLUDED."count"`
  return counted === 1
}

/** Forgets processes whose requests are too old to be taken, with room for servers whose clocks differ. */
export const forgetSignedRuns = ({ db, now }: Context) =>
  db.signedRun.deleteMany({ where: { seenAt: { lt: later(now(), -3 * signedWindowSeconds) } } })
