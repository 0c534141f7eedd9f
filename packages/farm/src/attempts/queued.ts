import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { forUnableArch } from './claim.ts'

/** Claimable attempts, oldest first: what must have a message, whatever became of the queue. */
export async function queuedAttempts({ db }: Context, limit = 20_000): Promise<{ hostId: number; attempt: string }[]> {
  const rows = await db.$queryRaw<(AttemptId & { hostId: number })[]>`
    SELECT "jobId", "number", "hostId" FROM "Attempt" WHERE "state" = 'queued' AND NOT ${forUnableArch}
     ORDER BY "queuedAt", "jobId" LIMIT ${limit}`
  return rows.map(row => ({ hostId: row.hostId, attempt: attemptName(row) }))
}
