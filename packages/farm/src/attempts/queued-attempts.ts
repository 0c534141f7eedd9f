import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { isActive, isQueued } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'

export interface QueuedAttempt {
  hostId: number
  attempt: string
}

/** A position in the list of the claimable attempts. */
export interface QueuedPosition {
  queuedAt: Date
  jobId: number
}

/** At most this many claimable attempts are read at once. */
export const queuedPageMax = 500

/**
 * A page of the claimable attempts, oldest first. Each of them needs a message in the queue of its host. `next` is the
 * position of the next page; undefined if this page is the last one.
 */
export async function listQueuedAttempts(
  { db }: Context,
  after: QueuedPosition | undefined,
  limit = queuedPageMax,
): Promise<{ attempts: QueuedAttempt[]; next: QueuedPosition | undefined }> {
  const rows = await db.query<QueuedRow & QueuedPosition & { able: boolean }>`${queuedPageQuery(after, limit)}`
  const last = rows.at(-1)
  return {
    attempts: rows.filter(({ able }) => able).map(queuedOf),
    next: last && rows.length === limit ? { queuedAt: last.queuedAt, jobId: last.jobId } : undefined,
  }
}

/** The index `open_attempts_in_order` has the order of the rows, so the query reads only the rows of the page. */
export const queuedPageQuery = (after: QueuedPosition | undefined, limit: number): Sql => sql`
  SELECT "jobId", "number", "hostId", "queuedAt", NOT ${archIsUnable} AS "able" FROM "OpenAttempt"
   WHERE ${isQueued} ${after ? sql`AND ("queuedAt", "jobId") > (${after.queuedAt}, ${after.jobId})` : sql``}
   ORDER BY "queuedAt", "jobId" LIMIT ${limit}`

/** The hosts that could take a job that waits for them: they are not paused, and run fewer jobs than they have slots. */
export async function listHostsWithWork({ db }: Context): Promise<number[]> {
  const rows = await db.query<{ id: number }>`${hostsWithWorkQuery}`
  return rows.map(({ id }) => id)
}

/** PostgreSQL jumps from host to host in an index, so the cost does not grow with the number of waiting attempts. */
export const hostsWithWorkQuery: Sql = sql`
  WITH RECURSIVE waiting AS (
    (SELECT "hostId" FROM "OpenAttempt" WHERE ${isQueued} ORDER BY "hostId" LIMIT 1)
    UNION ALL
    SELECT next."hostId" FROM waiting CROSS JOIN LATERAL (
      SELECT "hostId" FROM "OpenAttempt" WHERE ${isQueued} AND "hostId" > waiting."hostId" ORDER BY "hostId" LIMIT 1) next
  )
  SELECT host."id" FROM waiting JOIN "Host" host ON host."id" = waiting."hostId"
   WHERE host."pausedAt" IS NULL AND host."removedAt" IS NULL
     AND (SELECT count(*) FROM "OpenAttempt" one WHERE one."hostId" = host."id" AND ${isActive}) < host."slots"`

export type QueuedRow = AttemptId & { hostId: number }

export const queuedOf = (row: QueuedRow): QueuedAttempt => ({
  hostId: row.hostId,
  attempt: attemptName(row),
})

/**
 * The opposite of `archIsUnable`, for a query that reads rows in the order of an index until it has enough. For EXISTS,
 * PostgreSQL may read all rows first.
 */
export const archIsAble = sql`(
  SELECT true FROM "Job" job JOIN "HostArch" declared ON declared."hostId" = job."hostId" AND declared."arch" = job."arch"
   WHERE job."id" = "OpenAttempt"."jobId" AND declared."unable" IS NOT NULL LIMIT 1) IS NULL`

/** The host of the "OpenAttempt" cannot build for its arch now. The attempt waits until the host's next hello. */
export const archIsUnable = sql`EXISTS (
  SELECT FROM "Job" job JOIN "HostArch" declared ON declared."hostId" = job."hostId" AND declared."arch" = job."arch"
   WHERE job."id" = "OpenAttempt"."jobId" AND declared."unable" IS NOT NULL)`

/** The "OpenAttempt" runs code from a fork, and the row `host` is a host whose owner does not allow this. */
export const hostForbidsForks = sql`("OpenAttempt"."fork" AND NOT host."rules" @> '[{"verb": "allow-forks"}]'::jsonb)`
