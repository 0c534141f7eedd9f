import { hash, invitationToken, later } from '../clock.ts'
import type { Context } from '../context.ts'
import { hostNameFormat, isHostName } from './names.rule.ts'

export type InviteOutcome =
  | { kind: 'invited'; token: string; hostName: string; expiresAt: Date }
  | { kind: 'name-taken'; hostName: string }
  | { kind: 'bad-name'; expected: string }

/** A one-time right to enrol a host with this name. The token is shown once, because the farm does not store it. */
export async function invite({ db, now, random, settings }: Context, hostName: string): Promise<InviteOutcome> {
  if (!isHostName(hostName)) return { kind: 'bad-name', expected: hostNameFormat }
  const other = await db.models.host.findFirst({ where: { name: hostName, removedAt: null }, select: { id: true } })
  if (other) return { kind: 'name-taken', hostName }
  const seed = random()
  const token = invitationToken(settings.secret, seed)
  const expiresAt = later(now(), settings.invitationSeconds)
  await db.models.invitation.create({ data: { hostName, seed, tokenHash: hash(token), createdAt: now(), expiresAt } })
  return { kind: 'invited', token, hostName, expiresAt }
}
