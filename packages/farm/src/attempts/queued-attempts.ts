import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'

export interface QueuedAttempt {
  hostId: number
  attempt: string
}

/** Claimable attempts, oldest first. Each of them needs a message in the queue of its host. */
export async function listQueuedAttempts({ db }: Context, limit = 20_000): Promise<QueuedAttempt[]> {
  const rows = await db.query<QueuedRow>`
    SELECT "jobId", "number", "hostId" FROM "Attempt" WHERE "state" = 'queued' AND NOT ${archIsUnable}
     ORDER BY "queuedAt", "jobId" LIMIT ${limit}`
  return rows.map(queuedOf)
}

type QueuedRow = AttemptId & { hostId: number }

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
   WHERE job."id" = "Attempt"."jobId" AND declared."unable" IS NOT NULL LIMIT 1) IS NULL`

/** The host of the "Attempt" cannot build for its arch now. The attempt waits until the host's next hello. */
export const archIsUnable = sql`EXISTS (
  SELECT FROM "Job" job JOIN "HostArch" declared ON declared."hostId" = job."hostId" AND declared."arch" = job."arch"
   WHERE job."id" = "Attempt"."jobId" AND declared."unable" IS NOT NULL)`

/** The "Attempt" runs code from a fork, and the row `host` is a host whose owner does not allow this. */
export const hostForbidsForks = sql`("Attempt"."fork" AND NOT host."rules" @> '[{"verb": "allow-forks"}]'::jsonb)`
