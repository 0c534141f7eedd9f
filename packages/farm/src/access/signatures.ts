import { timingSafeEqual } from 'node:crypto'
import { keyLetters, type RequestSignature, requestText } from '@rumpfarm/contracts'
import { hash, invitationToken, later, sign } from '../clock.ts'
import type { Context } from '../context.ts'

/** A host, or the holder of an invitation, with the key of its signatures. */
export interface Signer {
  key: string
  host?: { id: number; name: string }
  invitation?: { token: string }
}

/**
 * The signing key of the holder of this invitation. The public id of the invitation is the hash of the token. Nobody
 * can compute the key from this id.
 */
export const invitationKey = (token: string): string => keyLetters(hash(`rumpfarm key ${token}`))

/**
 * The key of the host that enrolled with this invitation and nonce. The host and the farm compute the key, so neither
 * of them sends it.
 */
export const hostKey = (token: string, nonce: string): string =>
  keyLetters(sign(invitationKey(token), `host ${nonce}\n`))

/** The signers with these names. A name is a host's name or the public id of an invitation. */
export async function findSigners({ db, settings }: Context, names: readonly string[]): Promise<Map<string, Signer>> {
  const [hosts, invitations] = await Promise.all([
    db.query<SigningHost>`
      SELECT "id", "name", "keySeed", "keyNonce", "removedAt" FROM "Host" WHERE "name" = ANY(${names})`,
    db.query<{ tokenHash: string; seed: string }>`
      SELECT "tokenHash", "seed" FROM "Invitation" WHERE "tokenHash" = ANY(${names}) AND "seed" IS NOT NULL`,
  ])
  const signers = new Map<string, Signer>()
  for (const { tokenHash, seed } of invitations) {
    const token = invitationToken(settings.secret, seed)
    signers.set(tokenHash, { key: invitationKey(token), invitation: { token } })
  }
  for (const { id, name, keySeed, keyNonce, removedAt } of hosts) {
    signers.delete(name) // the name belongs to a host, even if this host may not sign
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
  /** The request is not signed by this key. */
  | { kind: 'forged' }
  /** The request's time is too old, or in the future. `now` is the farm's time in seconds. */
  | { kind: 'wrong-time'; now: number }
  /** The farm already received this request number, or a higher one, from the same process. */
  | { kind: 'replayed' }

/** How far a request's time may differ from the farm's time. No client waits longer than this for an answer. */
export const signedWindowSeconds = 300

/** Whether a request is signed with this key, recent, and received for the first time by any server of the farm. */
export async function checkSignature(context: Context, key: string, request: SignedRequest): Promise<SignatureOutcome> {
  const expected = sign(key, requestText(request.method, request.target, request.bodySum))
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(request.signature))) return { kind: 'forged' }
  const now = Math.floor(context.now().getTime() / 1000)
  if (Math.abs(now - request.time) > signedWindowSeconds) return { kind: 'wrong-time', now }
  return (await countRequest(context, request)) ? { kind: 'good' } : { kind: 'replayed' }
}

/** A process numbers its requests, so the farm stores only the highest number. The check is one small UPDATE. */
async function countRequest({ db, now }: Context, { by, run, count }: SignedRequest): Promise<boolean> {
  const counted = await db.execute`
    INSERT INTO "SignedRun" ("by", "run", "count", "seenAt") VALUES (${by}, ${run}, ${count}, ${now()})
    ON CONFLICT ("by", "run") DO UPDATE SET "count" = EXCLUDED."count", "seenAt" = EXCLUDED."seenAt"
      WHERE "SignedRun"."count" < EXCLUDED."count"`
  return counted === 1
}

/**
 * Deletes the rows of processes whose requests are too old to be accepted. The margin is for servers whose clocks
 * differ.
 */
export const deleteOldSignedRuns = ({ db, now }: Context) =>
  db.models.signedRun.deleteMany({ where: { seenAt: { lt: later(now(), -3 * signedWindowSeconds) } } })
