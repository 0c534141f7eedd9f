import { attemptName } from '@rumpfarm/contracts'
import { endAttempts } from '../attempts/end-attempts.ts'
import { cancelledEnd, farmEnds } from '../attempts/ends.rule.ts'
import type { Context } from '../context.ts'
import { isActive, isUnclaimed } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'
import { inTransaction, withEvents } from '../db/transaction.ts'

export type CancelOutcome =
  | { kind: 'cancelled'; attempts: number }
  | { kind: 'nothing-to-cancel' }
  | { kind: 'unknown' }

/**
 * Ends a job at once if no host has claimed it. Otherwise the next answer to the host (within 2 s) cancels the job. `by` is
 * the name of the person's token, for the reason of the job.
 */
export async function cancelJob(context: Context, jobId: number, by?: string): Promise<CancelOutcome> {
  const known = await context.db.models.job.count({ where: { id: jobId } })
  return known ? cancelWhere(context, sql`"jobId" = ${jobId}`, by) : { kind: 'unknown' }
}

/** Ends every job of a build. */
export async function cancelBuild(context: Context, buildId: number, by?: string): Promise<CancelOutcome> {
  const known = await context.db.models.build.count({ where: { id: buildId } })
  const where = sql`"jobId" IN (SELECT "id" FROM "Job" WHERE "buildId" = ${buildId})`
  return known ? cancelWhere(context, where, by) : { kind: 'unknown' }
}

async function cancelWhere(context: Context, where: Sql, by: string | undefined): Promise<CancelOutcome> {
  const end =
    by === undefined ? farmEnds.cancelledBeforeStart : cancelledEnd('cancelled', `cancelled by ${by} before it began`)
  const unclaimed = { kind: 'many', where: sql`${isUnclaimed} AND ${where}` } as const
  const ended = await inTransaction(context, tx => endAttempts(context, tx, unclaimed, end))
  const requested = await requestCancel(context, where, by === undefined ? null : `cancelled by ${by}`)
  const attempts = ended.length + requested.length
  return attempts > 0 ? { kind: 'cancelled', attempts } : { kind: 'nothing-to-cancel' }
}

interface RequestedRow {
  jobId: number
  number: number
  buildId: number
  projectName: string
}

/** The next answer to the hosts (within 2 s) cancels the jobs. `detail` is the farm's own reason. */
export const requestCancel = (context: Context, where: Sql, detail: string | null = null) =>
  withEvents(
    context,
    db => db.query<RequestedRow>`
      WITH locked AS (
        SELECT "jobId" FROM "OpenAttempt" WHERE ${isActive} AND ${where} ORDER BY "jobId" FOR UPDATE
      ), requested AS (
        UPDATE "OpenAttempt" SET "detail" = CASE WHEN "cancelRequestedAt" IS NULL THEN ${detail}::text ELSE "detail" END,
               "cancelRequestedAt" = COALESCE("cancelRequestedAt", ${context.now()})
         WHERE ${isActive} AND "jobId" IN (SELECT "jobId" FROM locked) RETURNING "jobId", "number"
      )
      SELECT requested.*, job."buildId", build."projectName"
        FROM requested JOIN "Job" job ON job."id" = requested."jobId" JOIN "Build" build ON build."id" = job."buildId"`,
    rows =>
      rows.flatMap(row => {
        const { jobId, buildId, projectName } = row
        const attempt = attemptName(row)
        return [
          { kind: 'revoked', attempt },
          { kind: 'attempt', attempt, jobId, buildId, projectName },
        ] as const
      }),
  )
