import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'

export interface QueuedAttempt {
  hostId: number
  attempt: string
  /** The probes of bisections run after all other jobs of a host. */
  probe?: boolean
}

/** Claimable attempts, oldest first. Each of them needs a message in the queue of its host. */
export async function listQueuedAttempts({ db }: Context, limit = 20_000): Promise<QueuedAttempt[]> {
  const rows = await db.query<QueuedRow>`
    SELECT "jobId", "number", "hostId", "purpose" FROM "Attempt" WHERE "state" = 'queued' AND NOT ${archIsUnable}
     ORDER BY "queuedAt", "jobId" LIMIT ${limit}`
  return rows.map(queuedOf)
}

type QueuedRow = AttemptId & { hostId: number; purpose?: string }

export const queuedOf = (row: QueuedRow): QueuedAttempt => ({
  hostId: row.hostId,
  attempt: attemptName(row),
  ...(row.purpose === 'probe' ? { probe: true } : {}),
})

/** The host of the "Attempt" cannot build for its arch now. The attempt waits until the host's next hello. */
export const archIsUnable = sql`EXISTS (
  SELECT FROM "Job" job JOIN "HostArch" declared ON declared."hostId" = job."hostId" AND declared."arch" = job."arch"
   WHERE job."id" = "Attempt"."jobId" AND declared."unable" IS NOT NULL)`

/** The "Attempt" runs code from a fork, and the row `host` is a host whose owner does not allow this. */
export const hostForbidsForks = sql`("Attempt"."fork" AND NOT host."rules" @> '[{"verb": "allow-forks"}]'::jsonb)`

/** The "Attempt" is a probe of a bisection, and a job of a push or schedule waits on its host. That job runs first. */
export const mustWaitForPushes = sql`("Attempt"."purpose" = 'probe' AND EXISTS (
  SELECT FROM "Attempt" waiting JOIN "Job" job ON job."id" = waiting."jobId"
    LEFT JOIN "HostArch" declared ON declared."hostId" = job."hostId" AND declared."arch" = job."arch"
   WHERE waiting."hostId" = "Attempt"."hostId" AND waiting."state" = 'queued' AND waiting."purpose" <> 'probe'
     AND declared."unable" IS NULL))`
