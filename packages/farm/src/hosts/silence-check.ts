import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { announce, type Change } from '../notifications/announce.ts'
import { activeAttemptsOfHost } from './alerts.ts'

/**
 * If the gap between two checks is longer than this, the farm was probably down. Then the time until a host is silent
 * starts again for every host.
 */
const gapSecondsMax = 20

/** The names of the hosts that became silent, and of the hosts that returned. */
export interface SilenceChanges {
  silent: string[]
  returned: string[]
}

interface ChangedRow {
  id: number
  name: string
  removed: boolean
  hasUrl: boolean
  hasMail: boolean
  since: Date
  /** The attempts that the host runs. */
  attempts: string[]
}

/**
 * Records which hosts became silent and which returned. Each change is one conditional UPDATE, and the same transaction
 * writes the notifications. So two servers that check at the same moment write each notification once.
 */
export const checkSilence = (context: Context): Promise<SilenceChanges> =>
  inTransaction(context, async tx => {
    const at = context.now()
    const silentBefore = later(at, -context.settings.silentSeconds)
    const wasReachable = (await reachableSince(tx, at)) <= silentBefore
    const returned = await markReturned(tx)
    const silent = wasReachable ? await markSilent(tx, silentBefore) : []
    await announce(tx, [
      ...silent.map(row => changeOf('host-silent', row)),
      ...returned.filter(({ removed }) => !removed).map(row => changeOf('host-back', row)),
    ])
    for (const { id } of [...silent, ...returned]) tx.emit({ kind: 'host', hostId: id })
    return { silent: silent.map(({ name }) => name), returned: returned.map(({ name }) => name) }
  })

/** Since when hosts can reach the farm. While the farm is down or its machine sleeps, no host becomes silent. */
async function reachableSince(tx: Tx, at: Date): Promise<Date> {
  const [row] = await tx.query<{ since: Date }>`
    INSERT INTO "SilenceCheck" AS last ("id", "since", "lastAt") VALUES (1, ${at}, ${at})
    ON CONFLICT ("id") DO UPDATE SET "lastAt" = EXCLUDED."lastAt",
      "since" = CASE WHEN last."lastAt" < ${later(at, -gapSecondsMax)} THEN EXCLUDED."since" ELSE last."since" END
    RETURNING "since"`
  return row?.since ?? at
}

const markSilent = (tx: Tx, silentBefore: Date) => tx.query<ChangedRow>`
  WITH changed AS (
    UPDATE "Host" SET "silentSince" = "lastSeenAt"
     WHERE "lastSeenAt" < ${silentBefore} AND "silentSince" IS NULL AND "awaySince" IS NULL AND "removedAt" IS NULL
    RETURNING *
  )
  SELECT ${changedColumns}, "silentSince" AS "since" FROM changed`

const markReturned = (tx: Tx) => tx.query<ChangedRow>`
  WITH silent AS (
    SELECT "id", "silentSince" AS "since" FROM "Host" WHERE "silentSince" IS NOT NULL ORDER BY "id" FOR UPDATE
  ), changed AS (
    UPDATE "Host" SET "silentSince" = NULL
      FROM silent
     WHERE "Host"."id" = silent."id" AND ("lastSeenAt" > "silentSince" OR "removedAt" IS NOT NULL)
    RETURNING "Host".*, silent."since"
  )
  SELECT ${changedColumns}, "since" FROM changed`

const changedColumns = sql`"id", "name", "removedAt" IS NOT NULL AS "removed", "alertUrl" IS NOT NULL AS "hasUrl",
  "alertMail" IS NOT NULL AS "hasMail", ${activeAttemptsOfHost} AS "attempts"`

const changeOf = (
  event: 'host-silent' | 'host-back',
  { id, since, attempts, hasUrl, hasMail }: ChangedRow,
): Change => ({
  event,
  project: null,
  branch: null,
  hostId: id,
  subject: `host:${id}:${event}:${since.toISOString()}`,
  thread: `host:${id}`,
  data: { since, attempts },
  also: [...(hasUrl ? [`host:${id}:url`] : []), ...(hasMail ? [`host:${id}:mail`] : [])],
  waits: false,
})
