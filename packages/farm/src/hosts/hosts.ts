import { finishRows } from '../attempts/finish-rows.ts'
import { hash } from '../clock.ts'
import type { Context } from '../context.ts'
import { Prisma } from '../db/client.ts'

/** The hosts with these credentials, by credential. */
export async function hostsBearing(
  { db }: Context,
  credentials: readonly string[],
): Promise<Map<string, { id: number; name: string }>> {
  const byHash = new Map(credentials.map(credential => [hash(credential), credential]))
  const rows = await db.$queryRaw<{ id: number; name: string; credentialHash: string }[]>`
    SELECT "id", "name", "credentialHash" FROM "Host"
     WHERE "credentialHash" = ANY(${[...byHash.keys()]}) AND "removedAt" IS NULL`
  return new Map(rows.map(({ id, name, credentialHash }) => [byHash.get(credentialHash) ?? '', { id, name }]))
}

/** Pauses a host (its jobs wait) or lets it work again; false if there is no such host. */
export async function pauseHost(context: Context, name: string, paused: boolean): Promise<boolean> {
  const { db, now } = context
  const host = await db.host.findFirst({ where: { name, removedAt: null }, select: { id: true } })
  if (!host) return false
  await db.host.update({ where: { id: host.id }, data: { pausedAt: paused ? now() : null } })
  context.publish({ kind: 'host', hostId: host.id })
  return true
}

/**
 * Takes a host out of the farm: its credential stops working, its results stay. Its open attempts end in the same
 * transaction, so that no server takes another word of them, whatever it remembers of the host.
 */
export async function removeHost(context: Context, name: string): Promise<boolean> {
  const { db, now } = context
  const removed = await db.$transaction(async tx => {
    const host = await tx.host.findFirst({ where: { name, removedAt: null }, select: { id: true } })
    if (!host) return undefined
    await tx.host.update({ where: { id: host.id }, data: { removedAt: now() } })
    const announceAll = await finishRows(
      context,
      tx,
      { kind: 'many', where: Prisma.sql`"hostId" = ${host.id}` },
      {
        verdict: 'cancelled',
        failedStep: null,
        reason: 'cancelled',
        detail: 'the host was removed from the farm',
      },
    )
    return { host, announceAll }
  })
  if (!removed) return false
  removed.announceAll()
  context.publish({ kind: 'host-removed', hostId: removed.host.id })
  context.publish({ kind: 'host', hostId: removed.host.id })
  return true
}
