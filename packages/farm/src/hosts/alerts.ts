import { alertSecret } from '../clock.ts'
import type { Context } from '../context.ts'
import { isActive } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { inTransaction } from '../db/transaction.ts'
import { alertTriesMax, alertUrlFormat, alertWaitsSeconds, isAlertUrl } from './alerts.rule.ts'

export type AlertOutcome =
  /**
   * The secret that signs the messages. Only this answer contains the secret. The farm does not store it, but computes
   * it from the server's secret for each message.
   */
  { kind: 'set'; secret: string } | { kind: 'off' } | { kind: 'bad-url'; expected: string } | { kind: 'unknown-host' }

/** Sets the URL for alerts about this host's silence. Null turns alerts off and drops alerts that are not yet sent. */
export async function setAlert(context: Context, hostName: string, url: string | null): Promise<AlertOutcome> {
  const { random, settings } = context
  if (url !== null && !isAlertUrl(url)) return { kind: 'bad-url', expected: alertUrlFormat }
  const seed = random()
  return inTransaction(context, async tx => {
    const [host] = await tx.query<{ id: number }>`
      UPDATE "Host" SET "alertUrl" = ${url}, "alertSeed" = ${url === null ? null : seed}
       WHERE "name" = ${hostName} AND "removedAt" IS NULL RETURNING "id"`
    if (!host) return { kind: 'unknown-host' }
    if (url !== null) return { kind: 'set', secret: alertSecret(settings.secret, seed) }
    await tx.execute`DELETE FROM "HostAlert" WHERE "hostId" = ${host.id} AND "deliveredAt" IS NULL AND "gaveUpAt" IS NULL`
    return { kind: 'off' }
  })
}

/** The attempts that a host runs now. In a statement that contains this piece, the host is a row of `changed`. */
export const activeAttemptsOfHost = sql`COALESCE((
  SELECT jsonb_agg(a."jobId" || '.' || a."number" ORDER BY a."leasedAt") FROM "Attempt" a
   WHERE a."hostId" = changed."id" AND ${isActive}), '[]')`

export interface DueAlert {
  id: number
  kind: string
  host: string
  since: Date
  attempts: string[]
  createdAt: Date
  url: string
  secret: string
}

const alertsAtOnce = 10

/**
 * The alerts to send now: the oldest unsent alert of each host. The farm stores the time of the next try before it
 * sends an alert. So if a server dies while it sends an alert, the farm sends it again later, with the same id.
 */
export async function takeDueAlerts({ db, now, settings }: Context): Promise<DueAlert[]> {
  const at = now()
  const rows = await db.query<Omit<DueAlert, 'secret'> & { seed: string }>`
    WITH due AS (
      SELECT "id" FROM "HostAlert" alert
       WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL AND "nextAt" <= ${at} AND NOT EXISTS (
         SELECT FROM "HostAlert" earlier WHERE earlier."hostId" = alert."hostId" AND earlier."id" < alert."id"
            AND earlier."deliveredAt" IS NULL AND earlier."gaveUpAt" IS NULL)
       ORDER BY "id" LIMIT ${alertsAtOnce} FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE "HostAlert" SET "tries" = "tries" + 1, "nextAt" = ${at}::timestamptz + make_interval(
               secs => (${alertWaitsSeconds}::int[])[LEAST("tries" + 1, ${alertWaitsSeconds.length}::int)])
        FROM due WHERE "HostAlert"."id" = due."id"
      RETURNING "HostAlert".*
    )
    SELECT taken."id", taken."kind", taken."since", taken."attempts", taken."createdAt",
           host."name" AS "host", host."alertUrl" AS "url", host."alertSeed" AS "seed"
      FROM taken JOIN "Host" host ON host."id" = taken."hostId" WHERE host."alertUrl" IS NOT NULL`
  return rows.map(({ seed, ...row }) => ({ ...row, secret: alertSecret(settings.secret, seed) }))
}

export async function markAlertDelivered({ db, now }: Context, id: number): Promise<void> {
  await db.models.hostAlert.updateMany({
    where: { id, deliveredAt: null },
    data: { deliveredAt: now(), problem: null },
  })
}

/** If `permanent` is true, the receiver wants no further alerts. */
export async function markAlertFailed(
  { db, now }: Context,
  id: number,
  problem: string,
  permanent: boolean,
): Promise<void> {
  await db.execute`
    UPDATE "HostAlert" SET "problem" = ${problem},
           "gaveUpAt" = CASE WHEN ${permanent} OR "tries" >= ${alertTriesMax}::int THEN ${now()}::timestamptz END
     WHERE "id" = ${id} AND "deliveredAt" IS NULL AND "gaveUpAt" IS NULL`
}

export interface AlertState {
  /** Only the origin of the address, because the rest of a webhook's address is often a secret. */
  origin: string
  /** The newest alert. */
  newest: {
    kind: string
    createdAt: Date
    deliveredAt: Date | null
    gaveUpAt: Date | null
    problem: string | null
  } | null
}

export async function findAlert({ db }: Context, hostName: string): Promise<AlertState | undefined> {
  const host = await db.models.host.findFirst({
    where: { name: hostName, removedAt: null, alertUrl: { not: null } },
    include: { alerts: { orderBy: { id: 'desc' }, take: 1 } },
  })
  if (!host?.alertUrl) return undefined
  const [newest] = host.alerts
  if (!newest) return { origin: new URL(host.alertUrl).origin, newest: null }
  const { kind, createdAt, deliveredAt, gaveUpAt, problem } = newest
  return { origin: new URL(host.alertUrl).origin, newest: { kind, createdAt, deliveredAt, gaveUpAt, problem } }
}
