import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import { reopenJobs } from './job-status.ts'
import type { QueuedRow } from './queued-attempts.ts'

export interface AddedAttempt extends QueuedRow {
  state: 'waiting' | 'queued'
}

/**
 * Adds further attempts to jobs, and returns those that it added. `rows` is a SELECT of the columns jobId, number, hostId,
 * state, queuedAt, purpose, priority, fork, projectName and buildId. A job that has an open attempt gets no other one
 * (primary key), and no number occurs twice. The second statement enforces this: an attempt with the same number can end
 * while the first statement waits for its row. A statement sees only the rows from before its start, but the second one
 * sees that end. The lock on the job has the effect of a foreign key: retention deletes no job that gets an attempt.
 */
export async function addAttempts(tx: Tx, rows: Sql): Promise<AddedAttempt[]> {
  const added = await tx.query<AddedAttempt>`
    INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "state", "queuedAt", "purpose", "priority", "fork", "projectName", "buildId")
    SELECT new."jobId", new."number", new."hostId", new."state", new."queuedAt", new."purpose", new."priority", new."fork",
           new."projectName", new."buildId"
      FROM (${rows}) new JOIN "Job" job ON job."id" = new."jobId"
     WHERE NOT EXISTS (SELECT FROM "FinishedAttempt" ended WHERE ended."jobId" = new."jobId" AND ended."number" = new."number")
       FOR KEY SHARE OF job
    ON CONFLICT ("jobId") DO NOTHING
    RETURNING "jobId", "number", "hostId", "state"`
  if (added.length === 0) return []
  const repeated = await tx.query<AttemptId>`
    DELETE FROM "OpenAttempt" open USING "FinishedAttempt" ended
     WHERE open."jobId" = ANY(${added.map(({ jobId }) => jobId)}) AND ended."jobId" = open."jobId" AND ended."number" = open."number"
    RETURNING open."jobId", open."number"`
  const names = new Set(repeated.map(attemptName))
  const kept = added.filter(attempt => !names.has(attemptName(attempt)))
  await reopenJobs(
    tx,
    kept.map(({ jobId }) => jobId),
  )
  return kept
}
