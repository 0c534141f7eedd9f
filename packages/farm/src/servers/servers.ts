import { extendLeases } from '../attempts/expire-leases.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { isExpanding } from '../db/migrations/expand.rule.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { conflictsOf, type ServerFacts } from './conflicts.rule.ts'

/** A server reports itself this often. */
export const beatSeconds = 2
/** A server that did not report itself for this time counts as ended. */
export const aliveSeconds = 10
/** If no server reported itself for this time, no host could renew its lease. */
const downSeconds = 6
/** The rows of ended servers are of no use after this time. */
const keptSeconds = 3600

export interface ServerView extends ServerFacts {
  startedAt: Date
  seenAt: Date
  /** How far the clock of its machine is ahead of the database, in milliseconds. */
  clockAheadMs: number
  /** sha256 of its farm.yaml; null if it has not read one without errors. */
  fileSum: string | null
  /** If another farm.yaml is active: since when and from which server. */
  otherFile: { acceptedAt: string; acceptedBy: string } | null
}

export type RegisterOutcome =
  /** `wasDown`: no server ran, so the leases have their full length again. */
  | { kind: 'registered'; wasDown: boolean }
  /** Another server runs with other settings. One sentence for each difference. */
  | { kind: 'conflicts'; conflicts: string[] }

/**
 * Adds a server to the servers of the farm. If no server ran before, every lease gets its full length again. A server
 * that restarts again and again beside others renews nothing, so the leases of lost hosts expire.
 */
export function registerServer(context: Context, facts: ServerFacts): Promise<RegisterOutcome> {
  return inTransaction(context, async tx => {
    await tx.query`SELECT pg_advisory_xact_lock(hashtextextended('servers', 0))::text AS "lock"`
    const at = tx.now()
    await tx.execute`DELETE FROM "Server" WHERE "seenAt" < ${later(at, -keptSeconds)}`
    const servers = await tx.query<ServerFacts & { seenAt: Date }>`SELECT * FROM "Server" ORDER BY "startedAt", "id"`
    const alive = servers.filter(({ seenAt }) => seenAt > later(at, -aliveSeconds))
    const conflicts = alive.map(other => conflictsOf(facts, other)).find(({ length }) => length > 0)
    if (conflicts) return { kind: 'conflicts', conflicts }
    const wasDown = servers.every(({ seenAt }) => seenAt < later(at, -downSeconds))
    if (wasDown) await extendLeases(tx, context.settings)
    await insertServer(tx, facts, at)
    return { kind: 'registered', wasDown }
  })
}

const insertServer = (tx: Pick<Tx, 'execute'>, facts: ServerFacts, at: Date) => tx.execute`
  INSERT INTO "Server" ("id", "name", "migration", "queues", "storage", "secretSum", "startedAt", "seenAt")
  VALUES (${facts.id}, ${facts.name}, ${facts.migration}, ${facts.queues}, ${facts.storage},
          ${facts.secretSum}, ${at}, ${at})
  ON CONFLICT ("id") DO UPDATE SET "seenAt" = EXCLUDED."seenAt"`

/** Records that a server is alive, and returns all servers that are. */
export async function beat(context: Context, facts: ServerFacts, clockAheadMs: number): Promise<ServerView[]> {
  const { db, now } = context
  const at = now()
  const reported = await db.execute`
    UPDATE "Server" SET "seenAt" = ${at}, "clockAheadMs" = ${clockAheadMs} WHERE "id" = ${facts.id}`
  if (reported === 0) await insertServer(db, facts, at) // this machine slept for so long that its row was deleted
  return listAlive(context)
}

export const listAlive = ({ db, now }: Context): Promise<ServerView[]> => db.query<ServerView>`
  SELECT server.*, CASE WHEN server."fileSum" <> agreed."fileSum"
           THEN jsonb_build_object('acceptedAt', agreed."acceptedAt", 'acceptedBy', agreed."acceptedBy") END AS "otherFile"
    FROM "Server" server LEFT JOIN "Configuration" agreed ON agreed."id" = 1
   WHERE server."seenAt" > ${later(now(), -aliveSeconds)} ORDER BY server."startedAt", server."id"`

/**
 * A migration of a newer version after which this server must not continue; undefined if there is none. It can only run
 * while this server does not count as alive, for example because its network was cut.
 */
export async function breakingMigration({ db }: Context, { migration }: ServerFacts): Promise<string | undefined> {
  const rows = await db.query<{ name: string }>`
    SELECT "migration_name" AS "name" FROM "_prisma_migrations" WHERE "migration_name" > ${migration}`
  return rows.find(({ name }) => !isExpanding(name))?.name
}

/** Removes a server that stops. */
export async function removeServer({ db }: Context, id: string): Promise<void> {
  await db.execute`DELETE FROM "Server" WHERE "id" = ${id}`
}
