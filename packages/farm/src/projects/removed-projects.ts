import { attemptName } from '@rumpfarm/contracts'
import { endAttempts } from '../attempts/end-attempts.ts'
import { cancelledEnd } from '../attempts/ends.rule.ts'
import type { Context } from '../context.ts'
import { isActive, isUnclaimed } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'

const end = cancelledEnd('project-removed', 'the project was removed from farm.yaml')

/** The open jobs of projects that are not in farm.yaml. The number of open attempts bounds the cost. */
const ofRemovedProjects = sql`"jobId" IN (
  SELECT open."jobId" FROM "OpenAttempt" open JOIN "Job" job ON job."id" = open."jobId"
    JOIN "Build" build ON build."id" = job."buildId" JOIN "Project" project ON project."name" = build."projectName"
   WHERE project."removedAt" IS NOT NULL)`

/**
 * Cancels the jobs of all projects that are not in farm.yaml any more. A job that a host runs ends with the next answer to
 * the host. A paused host does not delay this.
 */
export async function cancelRemovedProjects(context: Context, tx: Tx): Promise<void> {
  // A host that finishes a job locks the attempt before the cells. This order is the same.
  const requested = await tx.query<{ jobId: number; number: number; buildId: number; projectName: string }>`
    WITH requested AS (
      UPDATE "OpenAttempt" SET "cancelRequestedAt" = ${tx.now()}, "detail" = ${end.detail}
       WHERE ${isActive} AND "cancelRequestedAt" IS NULL AND ${ofRemovedProjects} RETURNING "jobId", "number"
    )
    SELECT requested.*, job."buildId", build."projectName"
      FROM requested JOIN "Job" job ON job."id" = requested."jobId" JOIN "Build" build ON build."id" = job."buildId"`
  for (const row of requested) {
    const attempt = attemptName(row)
    tx.emit({ kind: 'revoked', attempt })
    tx.emit({ kind: 'attempt', attempt, jobId: row.jobId, buildId: row.buildId, projectName: row.projectName })
  }
  await endAttempts(context, tx, { kind: 'many', where: sql`${isUnclaimed} AND ${ofRemovedProjects}` }, end)
}
