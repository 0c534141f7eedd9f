import { endAttempts } from '../attempts/end-attempts.ts'
import { farmEnds } from '../attempts/ends.rule.ts'
import { hash } from '../clock.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { inTransaction, withEvents } from '../db/transaction.ts'
import { dropProblemCells } from '../notifications/problems.ts'

/** The hosts with these credentials. The keys of the map are the credentials. */
export async function findByCredentials(
  { db }: Context,
  credentials: readonly string[],
): Promise<Map<string, { id: number; name: string }>> {
  const byHash = new Map(credentials.map(credential => [hash(credential), credential]))
  const rows = await db.query<{ id: number; name: string; credentialHash: string }>`
    SELECT "id", "name", "credentialHash" FROM "Host"
     WHERE "credentialHash" = ANY(${[...byHash.keys()]}) AND "removedAt" IS NULL`
  return new Map(rows.map(({ id, name, credentialHash }) => [byHash.get(credentialHash) ?? '', { id, name }]))
}

/** Pauses a host, so that its jobs wait, or ends the pause. Returns false if no host has this name. */
export async function setPaused(context: Context, name: string, paused: boolean): Promise<boolean> {
  const pausedAt = paused ? context.now() : null
  const [host] = await withEvents(
    context,
    db => db.query<{ id: number }>`
      UPDATE "Host" SET "pausedAt" = ${pausedAt} WHERE "name" = ${name} AND "removedAt" IS NULL RETURNING "id"`,
    hosts => hosts.map(({ id }) => ({ kind: 'host', hostId: id }) as const),
  )
  return host !== undefined
}

/**
 * Removes a host from the farm: its credential stops working, and its results stay. Its attempts end in the same
 * transaction. So no server accepts a message for these attempts, even if the server has the host in its cache. Returns
 * false if no host has this name.
 */
export const removeHost = (context: Context, name: string): Promise<boolean> =>
  inTransaction(context, async tx => {
    const [host] = await tx.query<{ id: number }>`
      UPDATE "Host" SET "removedAt" = ${context.now()} WHERE "name" = ${name} AND "removedAt" IS NULL RETURNING "id"`
    if (!host) return false
    await endAttempts(context, tx, { kind: 'many', where: sql`"hostId" = ${host.id}` }, farmEnds.hostRemoved)
    await dropProblemCells(tx, { kind: 'host', hostId: host.id })
    tx.emit({ kind: 'host-removed', hostId: host.id })
    tx.emit({ kind: 'host', hostId: host.id })
    return true
  })
