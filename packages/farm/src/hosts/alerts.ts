import { alertSecret } from '../clock.ts'
import type { Context } from '../context.ts'
import { Prisma } from '../db/client.ts'
import { alertTriesMax, alertUrlForm, alertWaitsSeconds, isAlertUrl } from './alerts.rule.ts'

export type AlertOutcome =
  /** What signs its messages, shown now and never again: it is made of the server's secret, and kept nowhere. */
  { kind: 'set'; secret: string } | { kind: 'off' } | { kind: 'bad-url'; expected: string } | { kind: 'unknown-host' }

/** Whom to tell when this host falls silent; null: nobody. What was to be told by then is forgotten with it. */
export async function setAlert(context: Context, hostName: string, url: string | null): Promise<AlertOutcome> {
  const { db, random, settings } = context
  if (url !== null && !isAlertUrl(url)) return { kind: 'bad-url', expected: alertUrlForm }
  const seed = random()
  const data = url === null ? { alertUrl: null, alertSeed: null } : { alertUrl: url, alertSeed: seed }
  return db.$transaction(async tx => {
    const { count } = await tx.host.updateMany({ where: { name: hostName, removedAt: null }, data })
    if (count === 0) return { kind: 'unknown-host' }
    const pending = { host: { name: hostName }, deliveredAt: null, gaveUpAt: null }
    if (url === null) await tx.hostAlert.deleteMany({ where: pending })
    return url === null ? { kind: 'off' } : { kind: 'set', secret: alertSecret(settings.secret, seed) }
  })
}

/** The attempts that a host, a row of `changed`, has now. */
export const attemptsOf = Prisma.sql`COALESCE((
  SELECT jsonb_agg(a."jobId" || '.' || a."number" ORDER BY a."leasedAt") FROM "Attempt" a
   WHERE a."hostId" = changed."id" AND a."state" IN ('leased', 'running')), '[]')`

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
 * What is to be told now, of each host the oldest first. The next try is noted before this one begins: a server that dies
 * while it tells somebody costs a while, and a receiver may hear the same id twice.
 */
export async function takeAlerts({ db, now, settings }: Context): Promise<DueAlert[]> {
  const at = now()
  const rows = await db.$queryRaw<(Omit<DueAlert, 'secret'> & { seed: string })[]>`
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

export async function alertDelivered({ db, now }: Context, id: number): Promise<void> {
  await db.hostAlert.updateMany({ where: { id, deliveredAt: null }, data: { deliveredAt: now(), problem: null } })
}

/** `forGood`: whoever was told wants to hear nothing more. */
export async function alertFailed({ db, now }: Context, id: number, problem: string, forGood: boolean): Promise<void> {
  await db.$executeRaw`
    UPDATE "HostAlert" SET "problem" = ${problem},
           "gaveUpAt" = CASE WHEN ${forGood} OR "tries" >= ${alertTriesMax}::int THEN ${now()}::timestamptz END
     WHERE "id" = ${id} AND "deliveredAt" IS NULL AND "gaveUpAt" IS NULL`
}

export interface AlertState {
  /** Only whom: the rest of a hook's address is often its secret. */
  origin: string
  /** How the newest message went. */
  newest: {
    kind: string
    createdAt: Date
    deliveredAt: Date | null
    gaveUpAt: Date | null
    problem: string | null
  } | null
}

export async function alertOf({ db }: Context, hostName: string): Promise<AlertState | undefined> {
  const host = await db.host.findFirst({
    where: { name: hostName, removedAt: null, alertUrl: { not: null } },
    include: { alerts: { orderBy: { id: 'desc' }, take: 1 } },
  })
  if (!host?.alertUrl) return undefined
  const [newest] = host.alerts
  if (!newest) return { origin: new URL(host.alertUrl).origin, newest: null }
  const { kind, createdAt, deliveredAt, gaveUpAt, problem } = newest
  return { origin: new URL(host.alertUrl).origin, newest: { kind, createdAt, deliveredAt, gaveUpAt, problem } }
}
