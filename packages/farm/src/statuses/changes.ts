import { raw, sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import { kindsWithStatus } from './status.rule.ts'

/** The results of the row `build` are statuses of its commit. */
export const hasStatus = sql`build."kind" IN (${raw(kindsWithStatus.map(kind => `'${kind}'`).join(', '))}) AND build."cause" <> 'bisection'`

/** Whether the row `project` has forges that show statuses. */
export const sendsStatuses = sql`project."config" -> 'status' IS NOT NULL`

/**
 * Records that the status of these commits of a pull request may have changed, which may have no build. Only a commit from
 * a fork can wait for an approval.
 */
export async function notePullRequestStatuses(tx: Tx, id: number, commits: readonly string[]): Promise<void> {
  if (commits.length === 0) return
  const noted = await tx.execute`
    INSERT INTO "StatusChange" ("projectName", "commit")
    SELECT request."projectName", seen."commit"
      FROM "PullRequestCommit" seen JOIN "PullRequest" request ON request."id" = seen."pullRequestId"
      JOIN "Project" project ON project."name" = request."projectName"
     WHERE seen."pullRequestId" = ${id} AND seen."commit" = ANY(${[...commits]}::text[]) AND seen."fork" AND ${sendsStatuses}`
  if (noted > 0) tx.emit({ kind: 'statuses-needed' })
}

/**
 * Records that the commit statuses of these builds may have changed. Call it in each transaction that adds or ends an
 * attempt, or changes the sources of a build. `endAttempts` and `requestBuild` do the same within their own statements.
 */
export async function noteStatusChanges(tx: Tx, buildIds: readonly number[]): Promise<void> {
  if (buildIds.length === 0) return
  const noted = await tx.execute`
    INSERT INTO "StatusChange" ("buildId")
    SELECT build."id" FROM "Build" build JOIN "Project" project ON project."name" = build."projectName"
     WHERE build."id" = ANY(${[...new Set(buildIds)]}::int[]) AND ${hasStatus} AND ${sendsStatuses}`
  if (noted > 0) tx.emit({ kind: 'statuses-needed' })
}
