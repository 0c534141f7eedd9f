import type { HostFacts } from '@rumpfarm/contracts'
import { hostKey } from '../access/signatures.ts'
import { hash, sign } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/client.ts'
import { nativeArch } from './arch.rule.ts'

export interface Enrollment {
  token: string
  nonce: string
  /** The host signs its requests: its key never travels, it has no credential. */
  signed?: boolean
  version: string
  facts: HostFacts
}

export type EnrollOutcome =
  | {
      kind: 'enrolled'
      hostName: string
      /** Undefined: its key is made on both sides. */
      credential: string | undefined
      arch: string
    }
  | { kind: 'unknown-invitation' }
  | { kind: 'expired'; at: Date }
  | { kind: 'used'; at: Date; hostName: string }
  | { kind: 'name-taken'; hostName: string; at: Date }

/**
 * Uses up an invitation. The credential is signed from invitation and nonce, so a host whose answer was lost asks again
 * and gets the same one, and no credential is stored anywhere but on the host.
 */
export async function enroll(context: Context, wish: Enrollment): Promise<EnrollOutcome> {
  const { db, now, settings } = context
  const invitation = await db.invitation.findUnique({ where: { tokenHash: hash(wish.token) } })
  if (!invitation) return { kind: 'unknown-invitation' }
  const { id, hostName } = invitation
  if (invitation.expiresAt <= now()) return { kind: 'expired', at: invitation.expiresAt }
  const credential = wish.signed
    ? hostKey(wish.token, wish.nonce)
    : `rfh-${sign(settings.secret, `host ${id} ${wish.nonce}`)}`
  const { seed } = invitation
  const arch = nativeArch(wish.facts)
  return db.$transaction(async tx => {
    // The conditional UPDATE decides between two hosts that use one invitation at the same time.
    const used = await tx.invitation.updateMany({
      where: { id, OR: [{ usedAt: null }, { usedNonce: hash(wish.nonce) }] },
      data: { usedAt: invitation.usedAt ?? now(), usedNonce: hash(wish.nonce) },
    })
    if (used.count === 0) return { kind: 'used', at: invitation.usedAt ?? now(), hostName } as const
    const other = await settle(tx, context, wish, { hostName, credential, arch, seed })
    if (other) return { kind: 'name-taken', hostName, at: other.enrolledAt } as const
    return { kind: 'enrolled', hostName, credential: wish.signed ? undefined : credential, arch } as const
  })
}

interface Place {
  hostName: string
  credential: string
  arch: string
  seed: string | null
}

/** Makes the host's row, or gives a removed host its row back; the other host, when one took the name meanwhile. */
async function settle(
  tx: Tx,
  { now }: Context,
  wish: Enrollment,
  { hostName, credential, arch, seed }: Place,
): Promise<{ enrolledAt: Date } | undefined> {
  // A key is no credential: whoever sends it as one is not known by it.
  const credentialHash = hash(wish.signed ? `signed ${credential}` : credential)
  const known = await tx.host.findUnique({ where: { name: hostName } })
  if (known && !known.removedAt) return known.credentialHash === credentialHash ? undefined : known
  const row = {
    credentialHash,
    keySeed: wish.signed ? seed : null,
    keyNonce: wish.signed ? wish.nonce : null,
    facts: wish.facts,
    agentVersion: wish.version,
    enrolledAt: now(),
    lastSeenAt: now(),
    instance: null,
    removedAt: null,
    awaySince: now(),
  }
  const host = await tx.host.upsert({ where: { name: hostName }, create: { name: hostName, ...row }, update: row })
  await tx.slot.deleteMany({ where: { hostId: host.id } })
  await tx.hostArch.createMany({ data: { hostId: host.id, arch, kind: 'native' }, skipDuplicates: true })
  return undefined
}
