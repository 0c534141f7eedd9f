import { hash, later, sign } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import {
  confirmationsAnHourMax,
  confirmationsOfAddressMax,
  confirmSecondsMax,
  type Followed,
  normalAddress,
  requestProblem,
  subscriptionChannel,
  subscriptionsMax,
  subscriptionsOfAddressMax,
} from './subscriptions.rule.ts'

export type FollowOutcome =
  /**
   * The answer for every valid request, also if the address follows this already or has too many subscriptions. So
   * nobody can find out which addresses the farm knows.
   */
  | { kind: 'requested' }
  | { kind: 'invalid'; problem: string }
  /** The farm has too many subscriptions, or sent too many requests for confirmation in the last hour. */
  | { kind: 'full' | 'busy' }

/**
 * The token of a subscription. A person with the token can confirm and end the subscription. The farm stores only the seed
 * and the token's hash, and computes the token again for each mail.
 */
export const subscriptionToken = (secret: string, seed: string): string =>
  `rfs-${sign(secret, `subscription ${seed}`).slice(0, 48)}`

/** Stores a subscription, which is active only after its confirmation, and writes a mail with a link to the outbox. */
export const follow = (context: Context, mailAddress: string, followed: Followed): Promise<FollowOutcome> =>
  inTransaction(context, async tx => {
    const address = normalAddress(mailAddress)
    const problem = requestProblem(address, followed)
    if (problem !== undefined) return { kind: 'invalid', problem }
    const place = await placeOf(tx, followed)
    if (typeof place === 'string') return { kind: 'invalid', problem: place }
    // The limits count rows, so requests for subscriptions wait for each other.
    await tx.query`SELECT pg_advisory_xact_lock(hashtextextended('subscriptions', 0))::text`
    const counts = await countsOf(tx, address)
    if (counts.subscriptions >= subscriptionsMax) return { kind: 'full' }
    if (counts.mailsOfHour >= confirmationsAnHourMax) return { kind: 'busy' }
    if (counts.own >= subscriptionsOfAddressMax || counts.mailsOfAddress >= confirmationsOfAddressMax)
      return { kind: 'requested' }
    const id = await store(context, tx, address, followed, place.hostId)
    await writeConfirmation(tx, id)
    return { kind: 'requested' }
  })

async function placeOf(tx: Tx, { project, host }: Followed): Promise<{ hostId: number | null } | string> {
  if (project !== null) {
    const found = await tx.query`SELECT FROM "Project" WHERE "name" = ${project} AND "removedAt" IS NULL`
    if (found.length === 0) return `There is no project ${project}.`
  }
  if (host === null) return { hostId: null }
  const [row] = await tx.query<{
    id: number
  }>`SELECT "id" FROM "Host" WHERE "name" = ${host} AND "removedAt" IS NULL`
  return row ? { hostId: row.id } : `There is no host ${host}.`
}

interface Counts {
  subscriptions: number
  own: number
  mailsOfAddress: number
  mailsOfHour: number
}

async function countsOf(tx: Tx, address: string): Promise<Counts> {
  const [row] = await tx.query<Counts>`
    SELECT count(*)::int AS "subscriptions", (count(*) FILTER (WHERE "address" = ${address}))::int AS "own",
           (SELECT count(*)::int FROM "Notification" sent JOIN "Subscription" own ON sent."channel" = 'subscription:' || own."id"
             WHERE own."address" = ${address} AND sent."event" = 'confirm' AND sent."createdAt" > ${later(tx.now(), -86_400)})
             AS "mailsOfAddress",
           (SELECT count(*)::int FROM "Notification"
             WHERE "event" = 'confirm' AND "createdAt" > ${later(tx.now(), -3600)}) AS "mailsOfHour"
      FROM "Subscription"`
  return row ?? { subscriptions: 0, own: 0, mailsOfAddress: 0, mailsOfHour: 0 }
}

/** A repeated request changes the events only before the confirmation, because anybody can send it. */
async function store(
  { random, settings }: Context,
  tx: Tx,
  address: string,
  followed: Followed,
  hostId: number | null,
) {
  const { project, branch, arch, variant, events } = followed
  const seed = random()
  const scope = JSON.stringify([project, branch, hostId, arch, variant])
  const [row] = await tx.query<{ id: number }>`
    INSERT INTO "Subscription" AS own ("address", "scope", "projectName", "branch", "hostId", "arch", "variant", "events", "seed",
           "tokenHash", "createdAt")
    VALUES (${address}, ${scope}, ${project}, ${branch}, ${hostId}, ${arch}, ${variant}, ${events}::text[], ${seed},
            ${hash(subscriptionToken(settings.secret, seed))}, ${tx.now()})
    ON CONFLICT ("address", "scope") DO UPDATE
      SET "events" = CASE WHEN own."confirmedAt" IS NULL THEN EXCLUDED."events" ELSE own."events" END
    RETURNING "id"`
  return row?.id ?? 0
}

async function writeConfirmation(tx: Tx, id: number): Promise<void> {
  const channel = subscriptionChannel(id)
  const at = tx.now()
  await tx.execute`
    INSERT INTO "Notification" ("event", "subject", "channel", "thread", "createdAt", "nextAt")
    VALUES ('confirm', ${`${channel}:confirm:${at.toISOString()}`}, ${channel}, ${`${channel}:confirm`}, ${at}, ${at})
    ON CONFLICT ("subject", "channel") DO NOTHING`
  tx.emit({ kind: 'notifications-due', at })
}

/** A subscription for its own page. It has no address, because the link can reach other people. */
export interface SubscriptionView extends Followed {
  confirmed: boolean
}

const withToken = (token: string) => hash(token)

export async function subscriptionOf({ db }: Context, token: string): Promise<SubscriptionView | undefined> {
  const [row] = await db.query<SubscriptionView>`
    SELECT own."projectName" AS "project", own."branch", host."name" AS "host", own."arch", own."variant", own."events",
           own."confirmedAt" IS NOT NULL AS "confirmed"
      FROM "Subscription" own LEFT JOIN "Host" host ON host."id" = own."hostId" WHERE own."tokenHash" = ${withToken(token)}`
  return row
}

/** Makes a subscription active. False if no subscription has this token. A second call changes nothing. */
export async function confirm({ db, now }: Context, token: string): Promise<boolean> {
  const changed = await db.execute`
    UPDATE "Subscription" SET "confirmedAt" = COALESCE("confirmedAt", ${now()}) WHERE "tokenHash" = ${withToken(token)}`
  return changed > 0
}

/** Ends a subscription and forgets its address. A second call changes nothing. */
export async function unsubscribe({ db }: Context, token: string): Promise<void> {
  await db.execute`DELETE FROM "Subscription" WHERE "tokenHash" = ${withToken(token)}`
}

/** Forgets the addresses of subscriptions that nobody confirmed in time. */
export async function deleteUnconfirmed({ db, now }: Context): Promise<void> {
  await db.execute`
    DELETE FROM "Subscription" WHERE "confirmedAt" IS NULL AND "createdAt" < ${later(now(), -confirmSecondsMax)}`
}
