import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'

export interface QueuedAttempt {
  hostId: number
  attempt: string
}

/** Claimable attempts, oldest first. Each of them needs a message in the queue of its host. */
export async function listQueuedAttempts({ db }: Context, limit = 20_000): Promise<QueuedAttempt[]> {
  const rows = await db.query<AttemptId & { hostId: number }>`
    SELECT "jobId", "number", "hostId" FROM "Attempt" WHERE "state" = 'queued' AND NOT ${archIsUnable}
     ORDER BY "queuedAt", "jobId" LIMIT ${limit}`
  return rows.map(queuedOf)
}

export const queuedOf = (row: AttemptId & { hostId: number }): QueuedAttempt => ({
  hostId: row.hostId,
  attempt: attemptName(row),
})

/** The host of the "Attempt" cannot build for its arch now. The attempt waits until the host's next hello. */
export const archIsUnable = sql`EXISTS (
  SELECT FROM "Job" job JOIN "HostArch" declared ON declared."hostId" = job."hostId" AND declared."arch" = job."arch"
   WHERE job."id" = "Attempt"."jobId" AND declared."unable" IS NOT NULL)`
