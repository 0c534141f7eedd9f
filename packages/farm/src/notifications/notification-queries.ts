import type { Context } from '../context.ts'
import { inTransaction } from '../db/transaction.ts'
import type { NotificationEvent } from './channels.rule.ts'

/** A message of the outbox with its outcome. */
export interface NotificationView {
  id: number
  event: NotificationEvent
  project: string | null
  branch: string | null
  problem: number | null
  build: number | null
  bisection: number | null
  host: string | null
  channel: string
  /** The kind and the address of the channel, without secrets. */
  channelKind: string
  channelLabel: string
  state: 'waiting' | 'retrying' | 'delivered' | 'failed' | 'not-sent'
  createdAt: Date
  nextAt: Date
  deliveredAt: Date | null
  gaveUpAt: Date | null
  tries: number
  /** Why the newest try failed. */
  failure: string | null
  /** Why the farm did not send the message, although nothing failed. */
  note: string | null
}

export interface NotificationFilter {
  /** The cursor: the list has only messages with a smaller id. */
  before?: number | undefined
  limit: number
}

/** The messages of the outbox, newest first. */
export const listNotifications = ({ db }: Context, { before = 2_147_483_647, limit }: NotificationFilter) =>
  db.query<NotificationView>`
    SELECT own."id", own."event", own."projectName" AS "project", own."branch", own."problemId" AS "problem", own."buildId" AS "build",
           own."bisectionId" AS "bisection", host."name" AS "host", own."channel",
           COALESCE(channel."kind", CASE WHEN own."channel" LIKE 'authors:%' THEN 'authors'
                                 WHEN own."channel" ~ ':mail$|^subscription:' THEN 'mail' ELSE 'webhook' END) AS "channelKind",
           CASE WHEN channel."label" IS NOT NULL THEN channel."label"
                WHEN own."channel" LIKE 'subscription:%' THEN replace(own."channel", ':', ' ')
                WHEN own."channel" LIKE 'authors:%' THEN 'author of ' || substr(own."channel", length('authors:') + 1, 10)
                ELSE COALESCE('owner of ' || host."name", own."channel") END AS "channelLabel",
           CASE WHEN own."deliveredAt" IS NOT NULL THEN 'delivered'
                WHEN own."gaveUpAt" IS NOT NULL AND own."note" IS NOT NULL THEN 'not-sent'
                WHEN own."gaveUpAt" IS NOT NULL THEN 'failed'
                WHEN own."problem" IS NOT NULL THEN 'retrying' ELSE 'waiting' END AS "state",
           own."createdAt", own."nextAt", own."deliveredAt", own."gaveUpAt", own."tries", own."problem" AS "failure", own."note"
      FROM (SELECT * FROM "Notification" WHERE "id" < ${before} ORDER BY "id" DESC LIMIT ${limit}) own
      LEFT JOIN "Channel" channel ON channel."key" = own."channel"
      LEFT JOIN "Host" host ON host."id" = own."hostId"
     ORDER BY own."id" DESC`

export interface ChannelView {
  key: string
  kind: string
  label: string
  rules: { project: string | null; events: string[]; branches: string[] | null }[]
  /** When the receiver said that it wants no more messages, and its answer. */
  disabledAt: Date | null
  failure: string | null
}

const channelsMax = 1000

/** The channels of farm.yaml, at most 1,000. */
export const listChannels = ({ db }: Context) => db.query<ChannelView>`
  SELECT "key", "kind", "label", "rules", "disabledAt", "problem" AS "failure" FROM "Channel"
   WHERE "removedAt" IS NULL ORDER BY "kind", "label", "key" LIMIT ${channelsMax}`

export type RetryNotificationOutcome = { kind: 'retried' } | { kind: 'unknown' } | { kind: 'delivered-already' }

/** Sends a message again that failed or waits for its next try. */
export const retryNotification = (context: Context, id: number): Promise<RetryNotificationOutcome> =>
  inTransaction(context, async tx => {
    const at = context.now()
    const changed = await tx.execute`
      UPDATE "Notification" SET "gaveUpAt" = NULL, "note" = NULL, "tries" = 0, "nextAt" = ${at}
       WHERE ("id" = ${id} OR "bundle" = (SELECT "bundle" FROM "Notification" WHERE "id" = ${id})) AND "deliveredAt" IS NULL
         AND ("gaveUpAt" IS NOT NULL OR "problem" IS NOT NULL)`
    if (changed > 0) tx.emit({ kind: 'notifications-due', at })
    if (changed > 0) return { kind: 'retried' }
    const [row] = await tx.query`SELECT FROM "Notification" WHERE "id" = ${id} AND "deliveredAt" IS NOT NULL`
    return { kind: row ? 'delivered-already' : 'unknown' }
  })

/** Writes a test message to a channel. It takes the same way as every other message. Returns its id. */
export const sendTest = (context: Context, key: string): Promise<number | undefined> =>
  inTransaction(context, async tx => {
    const at = context.now()
    const subject = `test:${context.random()}`
    const [row] = await tx.query<{ id: number }>`
      INSERT INTO "Notification" ("event", "subject", "channel", "thread", "createdAt", "nextAt")
      SELECT 'test', ${subject}, "key", ${subject}, ${at}, ${at} FROM "Channel"
       WHERE "key" = ${key} AND "removedAt" IS NULL AND "kind" <> 'authors'
      RETURNING "id"`
    if (row) tx.emit({ kind: 'notifications-due', at })
    return row?.id
  })

/** How many messages wait, and since when the oldest one waits. */
export async function outboxState({ db }: Context): Promise<{ waiting: number; oldest: Date | null }> {
  const [row] = await db.query<{ waiting: number; oldest: Date | null }>`
    SELECT count(*)::int AS "waiting", min("createdAt") AS "oldest" FROM "Notification"
     WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL`
  return row ?? { waiting: 0, oldest: null }
}
