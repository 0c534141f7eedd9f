import { cancelBuild } from '../builds/cancel.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'

const hasOpenJobs = sql`EXISTS (
  SELECT 1 FROM "Job" JOIN "OpenAttempt" a ON a."jobId" = "Job"."id" WHERE "Job"."buildId" = t."buildId")`

/** A cancelled job that does not end within this time loses its files. */
const graceSeconds = 3600
const perRun = 500

/**
 * Cancels the jobs of tries that are older than a day, and returns the tries whose files no job needs any more. The
 * caller deletes the files, and then calls `forgetTries`.
 */
export async function endTries(context: Context): Promise<string[]> {
  const { db, now } = context
  const at = now()
  const late = await db.query<{ buildId: number }>`
    SELECT t."buildId" FROM "Try" t
     WHERE t."removedAt" IS NULL AND t."expiresAt" <= ${at} AND t."buildId" IS NOT NULL AND ${hasOpenJobs} LIMIT ${perRun}`
  for (const { buildId } of late) await cancelBuild(context, buildId)
  const grace = new Date(at.getTime() - graceSeconds * 1000)
  const rows = await db.query<{ id: string }>`
    SELECT t."id" FROM "Try" t
     WHERE t."removedAt" IS NULL
       AND CASE WHEN t."buildId" IS NULL THEN t."expiresAt" <= ${at}
                ELSE t."expiresAt" <= ${grace} OR NOT ${hasOpenJobs} END
     ORDER BY t."expiresAt" LIMIT ${perRun}`
  return rows.map(({ id }) => id)
}

/** Records that the files of these tries are deleted. */
export const forgetTries = ({ db, now }: Context, ids: readonly string[]): Promise<number> =>
  db.execute`UPDATE "Try" SET "removedAt" = ${now()} WHERE "id" = ANY(${[...ids]}::text[]) AND "removedAt" IS NULL`

/** Cancels the jobs of a try, and lets the farm delete its files soon. */
export async function cancelTry(context: Context, id: string): Promise<void> {
  const [row] = await context.db.query<{ buildId: number | null }>`
    UPDATE "Try" SET "expiresAt" = LEAST("expiresAt", ${context.now()}) WHERE "id" = ${id} RETURNING "buildId"`
  if (row?.buildId) await cancelBuild(context, row.buildId)
}
