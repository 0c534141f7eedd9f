import type { HostFacts } from '@rumpfarm/contracts'
import { hostKey } from '../access/signatures.ts'
import { hash, sign } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { nativeArch } from './arch.rule.ts'

export interface Enrollment {
  /** The token of the invitation. */
  token: string
  nonce: string
  /** Whether the host signs its requests. Such a host has a key instead of a credential. The key is never sent. */
  signed?: boolean
  version: string
  facts: HostFacts
}

export type EnrollOutcome =
  | {
      kind: 'enrolled'
      hostName: string
      /** If undefined, the host signs its requests. */
      credential: string | undefined
      arch: string
    }
  | { kind: 'unknown-invitation' }
  | { kind: 'expired'; at: Date }
  | { kind: 'used'; at: Date; hostName: string }
  | { kind: 'name-taken'; hostName: string; at: Date }

/**
 * Uses an invitation. The farm computes the credential from the invitation and the nonce. So a host that lost the
 * answer can repeat its request and gets the same credential. Only the host stores the credential.
 */
export async function enroll(context: Context, request: Enrollment): Promise<EnrollOutcome> {
  const { db, now, settings } = context
  const invitation = await db.models.invitation.findUnique({ where: { tokenHash: hash(request.token) } })
  if (!invitation) return { kind: 'unknown-invitation' }
  const { id, hostName, seed } = invitation
  if (invitation.expiresAt <= now()) return { kind: 'expired', at: invitation.expiresAt }
  const usedAt = invitation.usedAt ?? now()
  const credential = request.signed
    ? hostKey(request.token, request.nonce)
    : `rfh-${sign(settings.secret, `host ${id} ${request.nonce}`)}`
  const arch = nativeArch(request.facts)
  return inTransaction(context, async (tx): Promise<EnrollOutcome> => {
    // If two hosts use one invitation at the same time, this conditional UPDATE accepts only one of them.
    const used = await tx.execute`
      UPDATE "Invitation" SET "usedAt" = ${usedAt}, "usedNonce" = ${hash(request.nonce)}
       WHERE "id" = ${id} AND ("usedAt" IS NULL OR "usedNonce" = ${hash(request.nonce)})`
    if (used === 0) return { kind: 'used', at: usedAt, hostName }
    const other = await addHost(tx, context, request, { hostName, credential, arch, seed })
    if (other) return { kind: 'name-taken', hostName, at: other.enrolledAt }
    return { kind: 'enrolled', hostName, credential: request.signed ? undefined : credential, arch }
  })
}

interface NewHost {
  hostName: string
  credential: string
  arch: string
  seed: string | null
}

/** Adds the host's row, or restores the row of a removed host. If another host has the name now, returns that host. */
async function addHost(
  tx: Tx,
  { now }: Context,
  request: Enrollment,
  { hostName, credential, arch, seed }: NewHost,
): Promise<{ enrolledAt: Date } | undefined> {
  // Because of the prefix, the farm never accepts a key as a credential.
  const credentialHash = hash(request.signed ? `signed ${credential}` : credential)
  const [known] = await tx.query<{ enrolledAt: Date; removedAt: Date | null; credentialHash: string }>`
    SELECT "enrolledAt", "removedAt", "credentialHash" FROM "Host" WHERE "name" = ${hostName}`
  if (known && !known.removedAt) return known.credentialHash === credentialHash ? undefined : known
  const at = now()
  const [keySeed, keyNonce] = request.signed ? [seed, request.nonce] : [null, null]
  const [host] = await tx.query<{ id: number }>`
    INSERT INTO "Host" ("name", "credentialHash", "keySeed", "keyNonce", "facts", "agentVersion", "enrolledAt", "lastSeenAt", "awaySince")
    VALUES (${hostName}, ${credentialHash}, ${keySeed}, ${keyNonce}, ${JSON.stringify(request.facts)}::jsonb,
            ${request.version}, ${at}, ${at}, ${at})
    ON CONFLICT ("name") DO UPDATE SET "credentialHash" = EXCLUDED."credentialHash", "keySeed" = EXCLUDED."keySeed",
      "keyNonce" = EXCLUDED."keyNonce", "facts" = EXCLUDED."facts", "agentVersion" = EXCLUDED."agentVersion",
      "enrolledAt" = EXCLUDED."enrolledAt", "lastSeenAt" = EXCLUDED."lastSeenAt", "awaySince" = EXCLUDED."awaySince",
      "instance" = NULL, "removedAt" = NULL
    RETURNING "id"`
  await tx.execute`DELETE FROM "Slot" WHERE "hostId" = ${host?.id}`
  await tx.execute`
    INSERT INTO "HostArch" ("hostId", "arch", "kind") VALUES (${host?.id}, ${arch}, 'native') ON CONFLICT DO NOTHING`
  return undefined
}
