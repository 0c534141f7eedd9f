import { sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import { announce } from './announce.ts'

/** Tells of branches and tags. A pull request and a try have somebody who looks at them. */
const isAnnounced = sql`build."kind" IN ('branch', 'tag') AND build."cause" <> 'bisection'`

/** Whether a channel or a person wants a message about each complete build. */
export const announcesBuilds = sql`(EXISTS (
  SELECT FROM "Channel" WHERE "removedAt" IS NULL AND "disabledAt" IS NULL AND "rules" @? '$[*].events[*] ? (@ == "build")')
  OR EXISTS (SELECT FROM "Subscription" WHERE "confirmedAt" IS NOT NULL AND "events" && ARRAY['build']))`

/**
 * Announces the builds that are complete: every job has ended, and the farm has examined all logs. Call this at the end
 * of a transaction that ends an attempt or an examination, if `announcesBuilds` is true. Two transactions that end the
 * last two jobs wait for each other, so that one of them sees both ends.
 */
export async function announceCompleteBuilds(tx: Tx, buildIds: readonly number[]): Promise<void> {
  if (buildIds.length === 0) return
  for (const id of [...new Set(buildIds)].sort((one, other) => one - other)) {
    await tx.query`SELECT pg_advisory_xact_lock(hashtextextended(${`build ${id}`}, 0))::text`
    const [complete] = await tx.query<{ projectName: string; branch: string | null }>`
      SELECT "projectName", "branch" FROM "Build" build
       WHERE "id" = ${id} AND ${isAnnounced}
         AND NOT EXISTS (SELECT FROM "Job" job JOIN "OpenAttempt" a ON a."jobId" = job."id"
                          WHERE job."buildId" = build."id")
         AND NOT EXISTS (SELECT FROM "Job" job JOIN "Examination" examination ON examination."jobId" = job."id"
                          WHERE job."buildId" = build."id")`
    if (!complete) continue
    await announce(tx, [
      {
        event: 'build',
        project: complete.projectName,
        branch: complete.branch,
        buildId: id,
        subject: `build:${id}:complete`,
        thread: `build:${id}`,
        waits: false,
      },
    ])
  }
}
