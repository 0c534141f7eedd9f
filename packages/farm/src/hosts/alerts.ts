import { alertSecret } from '../clock.ts'
import type { Context } from '../context.ts'
import { isActive } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { inTransaction } from '../db/transaction.ts'
import { alertUrlFormat, isAlertUrl, isMailAddress } from './alerts.rule.ts'

export type AlertOutcome =
  /**
   * The secret that signs the messages. Only this answer contains the secret. The farm does not store it, but computes
   * it from the server's secret for each message.
   */
  | { kind: 'set'; secret: string }
  /** The owner receives mail. */
  | { kind: 'set-mail' }
  | { kind: 'off' }
  | { kind: 'bad-url'; expected: string }
  | { kind: 'unknown-host' }

/**
 * Sets the address for alerts about this host's silence: a web address or a mail address. A host can have one of each.
 * Null turns all alerts off and drops alerts that are not yet sent.
 */
export async function setAlert(context: Context, hostName: string, address: string | null): Promise<AlertOutcome> {
  if (address === null) return turnOff(context, hostName)
  if (isMailAddress(address)) return setMail(context, hostName, address)
  if (!isAlertUrl(address)) return { kind: 'bad-url', expected: alertUrlFormat }
  const { random, settings, db } = context
  const seed = random()
  const changed = await db.execute`
    UPDATE "Host" SET "alertUrl" = ${address}, "alertSeed" = ${seed} WHERE "name" = ${hostName} AND "removedAt" IS NULL`
  return changed === 0 ? { kind: 'unknown-host' } : { kind: 'set', secret: alertSecret(settings.secret, seed) }
}

async function setMail({ db }: Context, hostName: string, address: string): Promise<AlertOutcome> {
  const changed = await db.execute`
    UPDATE "Host" SET "alertMail" = ${address} WHERE "name" = ${hostName} AND "removedAt" IS NULL`
  return changed === 0 ? { kind: 'unknown-host' } : { kind: 'set-mail' }
}

const turnOff = (context: Context, hostName: string): Promise<AlertOutcome> =>
  inTransaction(context, async tx => {
    const [host] = await tx.query<{ id: number }>`
      UPDATE "Host" SET "alertUrl" = NULL, "alertSeed" = NULL, "alertMail" = NULL
       WHERE "name" = ${hostName} AND "removedAt" IS NULL RETURNING "id"`
    if (!host) return { kind: 'unknown-host' }
    await tx.execute`
      DELETE FROM "Notification" WHERE "hostId" = ${host.id} AND "channel" LIKE 'host:%'
         AND "deliveredAt" IS NULL AND "gaveUpAt" IS NULL`
    return { kind: 'off' }
  })

/** The attempts that a host runs now. In a statement that contains this piece, the host is a row of `changed`. */
export const activeAttemptsOfHost = sql`COALESCE((
  SELECT jsonb_agg(a."jobId" || '.' || a."number" ORDER BY a."leasedAt") FROM "OpenAttempt" a
   WHERE a."hostId" = changed."id" AND ${isActive}), '[]')`

export interface AlertState {
  /** Only the origin of the web address, because the rest of a webhook's address is often a secret. Null without one. */
  origin: string | null
  /** The mail address of the owner; null without one. */
  mail: string | null
  /** The newest alert. */
  newest: NewestAlert | null
}

export interface NewestAlert {
  event: 'host-silent' | 'host-back'
  createdAt: Date
  deliveredAt: Date | null
  gaveUpAt: Date | null
  problem: string | null
}

export async function findAlert({ db }: Context, hostName: string): Promise<AlertState | undefined> {
  const [host] = await db.query<{ id: number; alertUrl: string | null; alertMail: string | null }>`
    SELECT "id", "alertUrl", "alertMail" FROM "Host"
     WHERE "name" = ${hostName} AND "removedAt" IS NULL AND ("alertUrl" IS NOT NULL OR "alertMail" IS NOT NULL)`
  if (!host) return undefined
  const [newest = null] = await db.query<NewestAlert>`
    SELECT "event", "createdAt", "deliveredAt", "gaveUpAt", "problem" FROM "Notification"
     WHERE "hostId" = ${host.id} AND "channel" LIKE 'host:%' ORDER BY "id" DESC LIMIT 1`
  return { origin: host.alertUrl && new URL(host.alertUrl).origin, mail: host.alertMail, newest }
}
