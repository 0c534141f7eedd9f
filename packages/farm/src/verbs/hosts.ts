import { hash } from '../clock.ts'
import type { Ground } from '../ground.ts'
import { cancelHostJobs } from './cancel.ts'

/** The host that bears this credential, or undefined. */
export async function hostBearing(
  { db }: Ground,
  credential: string,
): Promise<{ id: number; name: string } | undefined> {
  const host = await db.host.findUnique({ where: { credentialHash: hash(credential) } })
  return host && !host.removedAt ? { id: host.id, name: host.name } : undefined
}

/** Pauses a host (its jobs wait) or lets it work again; false if there is no such host. */
export async function pauseHost(ground: Ground, name: string, paused: boolean): Promise<boolean> {
  const { db, now } = ground
  const host = await db.host.findFirst({ where: { name, removedAt: null }, select: { id: true } })
  if (!host) return false
  await db.host.update({ where: { id: host.id }, data: { pausedAt: paused ? now() : null } })
  ground.announce({ kind: 'host', hostId: host.id })
  return true
}

/** Takes a host out of the farm: its credential stops working, its jobs are cancelled, its results stay. */
export async function removeHost(ground: Ground, name: string): Promise<boolean> {
  const { db, now } = ground
  const host = await db.host.findFirst({ where: { name, removedAt: null }, select: { id: true } })
  if (!host) return false
  await db.host.update({ where: { id: host.id }, data: { removedAt: now() } })
  await cancelHostJobs(ground, host.id)
  ground.announce({ kind: 'host', hostId: host.id })
  return true
}
