import { attemptName } from '@rumpfarm/contracts'
import { endAttempts } from '../attempts/end-attempts.ts'
import { type AttemptEnd, cancelledEnd } from '../attempts/ends.rule.ts'
import type { Context } from '../context.ts'
import { isActive, isUnclaimed } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import { recordSuperseded } from '../queue/superseded.ts'
import { notePullRequestStatuses } from '../statuses/changes.ts'

export type Because =
  /** Another commit is now the newest of the request. */
  | { kind: 'commit'; commit: string }
  /** The request has ended. */
  | { kind: 'request'; state: 'closed' | 'merged' }
  /** An administrator refused the newest commit. */
  | { kind: 'refused' }

/**
 * Cancels the unfinished builds of a pull request: all of them, or those of other commits than the newest. The pages show
 * the reason. Call it at most once in a transaction, because `endAttempts` takes the locks of cells.
 */
export async function cancelBuilds(context: Context, tx: Tx, id: number, because: Because): Promise<void> {
  const newest = because.kind === 'commit' ? because.commit : null
  const ended = because.kind === 'commit' ? 'superseded' : because.kind === 'refused' ? 'refused' : because.state
  const commits = await tx.query<{ commit: string }>`
    UPDATE "PullRequestCommit" SET "ended" = ${ended}, "endedAt" = ${tx.now()}
     WHERE "pullRequestId" = ${id} AND "ended" IS NULL AND "commit" IS DISTINCT FROM ${newest} RETURNING "commit"`
  await notePullRequestStatuses(
    tx,
    id,
    commits.map(({ commit }) => commit),
  )
  const jobs = sql`"jobId" IN (
    SELECT job."id" FROM "Build" build JOIN "Job" job ON job."buildId" = build."id"
     WHERE build."pullRequestId" = ${id} AND build."commit" IS DISTINCT FROM ${newest})`
  const end = endOf(because)
  // A host that finishes a job locks the attempt before the cells. This order is the same.
  const requested = await tx.query<{ jobId: number; number: number; buildId: number; projectName: string }>`
    WITH requested AS (
      UPDATE "OpenAttempt" SET "cancelRequestedAt" = COALESCE("cancelRequestedAt", ${tx.now()}), "detail" = ${end.detail}
       WHERE ${isActive} AND ${jobs} RETURNING "jobId", "number"
    )
    SELECT requested.*, job."buildId", build."projectName"
      FROM requested JOIN "Job" job ON job."id" = requested."jobId" JOIN "Build" build ON build."id" = job."buildId"`
  for (const row of requested) {
    const attempt = attemptName(row)
    tx.emit({ kind: 'revoked', attempt })
    tx.emit({ kind: 'attempt', attempt, jobId: row.jobId, buildId: row.buildId, projectName: row.projectName })
  }
  const stopped = await endAttempts(context, tx, { kind: 'many', where: sql`${isUnclaimed} AND ${jobs}` }, end)
  if (because.kind === 'commit') await recordSuperseded(tx, [...requested, ...stopped], null, tx.now())
}

function endOf(because: Because): AttemptEnd {
  switch (because.kind) {
    case 'commit':
      return cancelledEnd('superseded', `the pull request has a newer commit, ${because.commit.slice(0, 12)}`)
    case 'request':
      return cancelledEnd('closed', `the pull request was ${because.state}`)
    case 'refused':
      return cancelledEnd('refused', 'an administrator refused this commit of the pull request')
  }
}
