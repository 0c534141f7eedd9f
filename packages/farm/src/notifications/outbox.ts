import type { NotifyTarget } from '@rumpfarm/contracts'
import { alertSecret, later } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { NotificationEvent } from './channels.rule.ts'
import { authorsChannel } from './channels.rule.ts'
import { type DueRow, type Group, giveUpSeconds, groupRows, messageId, waitsSeconds } from './delivery.rule.ts'
import { refusalsMax, subscriptionChannel, subscriptionOfChannel } from './subscriptions.rule.ts'
import { subscriptionToken } from './subscriptions.ts'

export interface NotificationRow extends DueRow {
  problemId: number | null
  buildId: number | null
  bisectionId: number | null
  hostId: number | null
  subject: string
  thread: string
  data: Record<string, unknown>
  createdAt: Date
}

/** A message to send now: one row of the outbox, or a summary of several rows. */
export interface DueMessage {
  /** The same at each try. */
  id: string
  thread: string | null
  event: NotificationEvent
  /** The key of the channel. A run sends the messages of one channel one after the other. */
  channel: string
  /** Undefined if the channel no longer exists. Secrets are names of variables, except for the webhook of a host's owner. */
  target: NotifyTarget | undefined
  /** The page on which the receiver of a subscription can end it. */
  unsubscribePath?: string | undefined
  rows: NotificationRow[]
  createdAt: Date
}

const rowsAtOnce = 2000
const bundleMax = 5000
const messagesAtOnce = 20

/**
 * The messages to send now. The farm stores the time of the next try before it sends a message. So if a server dies
 * while it sends a message, another run sends it again, with the same id. No other caller gets the same messages before.
 */
export const takeDue = (context: Context): Promise<DueMessage[]> =>
  inTransaction(context, async tx => {
    const at = context.now()
    const due = await dueRows(tx, at)
    if (due.length === 0) return []
    const isDue = new Set(due.map(({ id }) => id))
    const groups = groupRows(unique([...due, ...(await waitingOfBranches(tx, due))]))
      .filter(({ rows, bundle }) => bundle !== null || rows.every(({ id }) => isDue.has(id)))
      .slice(0, messagesAtOnce)
    await markTaken(tx, groups, at)
    const receivers = await receiversOf(context, tx, groups)
    return groups.map(group => messageOf(group, receivers))
  })

type WaitingRow = NotificationRow & { nextAt: Date }

/** A later message of a thread waits until the earlier one is delivered or given up. */
const dueRows = (tx: Tx, at: Date) => tx.query<WaitingRow>`
  SELECT * FROM "Notification" own
   WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL AND "nextAt" <= ${at} AND NOT EXISTS (
     SELECT FROM "Notification" earlier WHERE earlier."channel" = own."channel" AND earlier."thread" = own."thread"
        AND earlier."id" < own."id" AND earlier."deliveredAt" IS NULL AND earlier."gaveUpAt" IS NULL
        AND (own."bundle" IS NULL OR earlier."bundle" IS DISTINCT FROM own."bundle"))
   ORDER BY "nextAt", "id" LIMIT ${rowsAtOnce} FOR UPDATE SKIP LOCKED`

/** The further new messages of the same channels and branches. If there are many, one message summarises all of them. */
const waitingOfBranches = (tx: Tx, due: readonly WaitingRow[]) => {
  const keys = [
    ...new Map(due.filter(isNew).map(row => [`${row.channel} ${row.projectName} ${row.branch}`, row])).values(),
  ]
  if (keys.length === 0) return []
  return tx.query<WaitingRow>`
    SELECT own.* FROM "Notification" own
      JOIN unnest(${keys.map(({ channel }) => channel)}::text[], ${keys.map(({ projectName }) => projectName)}::text[],
                  ${keys.map(({ branch }) => branch)}::text[]) AS wanted("channel", "projectName", "branch")
        ON own."channel" = wanted."channel" AND own."projectName" = wanted."projectName"
       AND own."branch" IS NOT DISTINCT FROM wanted."branch"
     WHERE own."deliveredAt" IS NULL AND own."gaveUpAt" IS NULL AND own."tries" = 0 AND own."bundle" IS NULL
     ORDER BY own."id" LIMIT ${bundleMax} FOR UPDATE OF own SKIP LOCKED`
}

const isNew = ({ tries, bundle, projectName }: WaitingRow) => tries === 0 && bundle === null && projectName !== null
const unique = (rows: readonly WaitingRow[]) => [...new Map(rows.map(row => [row.id, row])).values()]

async function markTaken(tx: Tx, groups: readonly Group<WaitingRow>[], at: Date): Promise<void> {
  const rows = groups.flatMap(({ rows, bundle }) => rows.map(({ id }) => ({ id, bundle })))
  await tx.execute`
    UPDATE "Notification" SET "tries" = "tries" + 1, "bundle" = taken."bundle", "nextAt" = ${at}::timestamptz + make_interval(
             secs => (${waitsSeconds}::int[])[LEAST("tries" + 1, ${waitsSeconds.length}::int)])
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS taken("id" int, "bundle" int)
     WHERE "Notification"."id" = taken."id"`
}

interface Receiver {
  target: NotifyTarget
  unsubscribePath?: string
}

/** The addresses of channels, of subscriptions, and of the owners of hosts. */
async function receiversOf(context: Context, tx: Tx, groups: readonly Group<NotificationRow>[]) {
  const keys = [...new Set(groups.flatMap(({ rows }) => rows.map(({ channel }) => channel)))]
  const receivers = new Map<string, Receiver>()
  const channels = await tx.query<{ key: string; target: NotifyTarget }>`
    SELECT "key", "target" FROM "Channel" WHERE ("key" = ANY(${keys}) OR "kind" = 'authors') AND "removedAt" IS NULL`
  for (const { key, target } of channels) {
    receivers.set(key, { target })
    if (target.kind === 'authors')
      for (const own of keys.filter(name => name.startsWith(authorsChannel))) receivers.set(own, { target })
  }
  await addSubscribers(context, tx, keys, receivers)
  await addOwners(context, tx, keys, receivers)
  return receivers
}

async function addSubscribers({ settings }: Context, tx: Tx, keys: string[], receivers: Map<string, Receiver>) {
  const ids = keys.flatMap(key => subscriptionOfChannel(key) ?? [])
  if (ids.length === 0) return
  const rows = await tx.query<{ id: number; address: string; seed: string }>`
    SELECT "id", "address", "seed" FROM "Subscription" WHERE "id" = ANY(${ids})`
  for (const { id, address, seed } of rows)
    receivers.set(subscriptionChannel(id), {
      target: { kind: 'mail', to: [address] },
      unsubscribePath: `/subscriptions/${subscriptionToken(settings.secret, seed)}`,
    })
}

async function addOwners({ settings }: Context, tx: Tx, keys: string[], receivers: Map<string, Receiver>) {
  const hostIds = keys.flatMap(key => Number(/^host:(\d+):/.exec(key)?.[1] ?? Number.NaN) || [])
  if (hostIds.length === 0) return
  const hosts = await tx.query<{ id: number; url: string | null; seed: string; mail: string | null }>`
    SELECT "id", "alertUrl" AS "url", "alertSeed" AS "seed", "alertMail" AS "mail" FROM "Host" WHERE "id" = ANY(${hostIds})`
  for (const { id, url, seed, mail } of hosts) {
    const secret = alertSecret(settings.secret, seed)
    if (url) receivers.set(`host:${id}:url`, { target: { kind: 'webhook', url, secret } })
    if (mail) receivers.set(`host:${id}:mail`, { target: { kind: 'mail', to: [mail] } })
  }
}

function messageOf({ rows, bundle }: Group<NotificationRow>, receivers: ReadonlyMap<string, Receiver>): DueMessage {
  const first = rows.reduce((one, other) => (other.id < one.id ? other : one))
  const { channel, event, thread, createdAt } = first
  const id = messageId(bundle === null ? 'notification' : 'bundle', first.id, createdAt)
  const receiver = { target: undefined, ...receivers.get(channel) }
  return { id, thread: bundle === null ? thread : null, event, channel, ...receiver, rows, createdAt }
}

/** A message to a disabled channel can be delivered after its receiver accepts messages again. */
export const markDelivered = (
  context: Context,
  { rows, channel }: Pick<DueMessage, 'rows' | 'channel'>,
): Promise<void> =>
  inTransaction(context, async tx => {
    await tx.execute`
      UPDATE "Notification" SET "deliveredAt" = ${context.now()}, "problem" = NULL, "note" = NULL
       WHERE "id" = ANY(${rows.map(({ id }) => id)}) AND "deliveredAt" IS NULL`
    await tx.execute`
      UPDATE "Channel" SET "disabledAt" = NULL, "problem" = NULL WHERE "key" = ${channel} AND "disabledAt" IS NOT NULL`
    await tx.execute`UPDATE "Subscription" SET "refusals" = 0 WHERE "id" = ${subscriptionOfChannel(channel) ?? 0} AND "refusals" > 0`
  })

export interface FailedTry {
  problem: string
  /** The receiver wants no more messages, or can never accept this one. */
  permanent: boolean
  retryAfterSeconds?: number | undefined
}

/** Records a failed try. The farm gives up after a day, and at once if the failure is permanent. */
export const markFailed = (
  context: Context,
  { rows, channel, target }: Pick<DueMessage, 'rows' | 'channel' | 'target'>,
  { problem, permanent, retryAfterSeconds = 0 }: FailedTry,
): Promise<void> =>
  inTransaction(context, async tx => {
    const at = context.now()
    await tx.execute`
      UPDATE "Notification" SET "problem" = ${problem},
             "nextAt" = GREATEST("nextAt", ${later(at, Math.min(retryAfterSeconds, giveUpSeconds))}::timestamptz),
             "gaveUpAt" = CASE WHEN ${permanent} OR "createdAt" <= ${later(at, -giveUpSeconds)} THEN ${at}::timestamptz END
       WHERE "id" = ANY(${rows.map(({ id }) => id)}) AND "deliveredAt" IS NULL AND "gaveUpAt" IS NULL`
    if (permanent) await countRefusal(tx, channel)
    // A refused mail says nothing about the next mail to the same list.
    if (permanent && target?.kind !== 'mail')
      await tx.execute`
        UPDATE "Channel" SET "disabledAt" = ${at}, "problem" = ${problem} WHERE "key" = ${channel} AND "disabledAt" IS NULL`
  })

/** An address that the mail server refuses again and again does not exist any more. */
async function countRefusal(tx: Tx, channel: string): Promise<void> {
  const id = subscriptionOfChannel(channel)
  if (id === undefined) return
  await tx.execute`UPDATE "Subscription" SET "refusals" = "refusals" + 1 WHERE "id" = ${id}`
  await tx.execute`DELETE FROM "Subscription" WHERE "id" = ${id} AND "refusals" >= ${refusalsMax}`
}

/** The message is not necessary any more, or cannot be sent. The note says why. */
export async function markNotSent({ db, now }: Context, rows: readonly { id: number }[], note: string): Promise<void> {
  await db.execute`
    UPDATE "Notification" SET "gaveUpAt" = ${now()}, "note" = ${note}, "problem" = NULL
     WHERE "id" = ANY(${rows.map(({ id }) => id)}) AND "deliveredAt" IS NULL AND "gaveUpAt" IS NULL`
}

/** This run has no time for these messages. The next run takes them at once. */
export async function release({ db, now }: Context, rows: readonly { id: number }[]): Promise<void> {
  await db.execute`
    UPDATE "Notification" SET "tries" = "tries" - 1, "nextAt" = ${now()}
     WHERE "id" = ANY(${rows.map(({ id }) => id)}) AND "deliveredAt" IS NULL AND "gaveUpAt" IS NULL`
}
