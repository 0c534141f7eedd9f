import { hash, later } from '../clock.ts'
import type { Ground } from '../ground.ts'
import { hostNameForm, isHostName } from '../rules/names.ts'

export type InviteOutcome =
  | { kind: 'invited'; token: string; hostName: string; expiresAt: Date }
  | { kind: 'name-taken'; hostName: string }
  | { kind: 'bad-name'; expected: string }

/** A one-time right to enrol a host of this name. Only its hash is kept: the token is shown once. */
export async function invite({ db, now, random, settings }: Ground, hostName: string): Promise<InviteOutcome> {
  if (!isHostName(hostName)) return { kind: 'bad-name', expected: hostNameForm }
  const taken = await db.host.findFirst({ where: { name: hostName, removedAt: null }, select: { id: true } })
  if (taken) return { kind: 'name-taken', hostName }
  const token = `rfi-${random()}`
  const expiresAt = later(now(), settings.invitationSeconds)
  await db.invitation.create({ data: { hostName, tokenHash: hash(token), createdAt: now(), expiresAt } })
  return { kind: 'invited', token, hostName, expiresAt }
}
