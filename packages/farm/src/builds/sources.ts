import { cut } from '@rumpfarm/contracts'
import { addAttempts } from '../attempts/add-attempts.ts'
import { endAttempts } from '../attempts/end-attempts.ts'
import { conflictEnd, sourcesFailedEnd } from '../attempts/ends.rule.ts'
import { queuedOf } from '../attempts/queued-attempts.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { newestAttempt } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { inTransaction } from '../db/transaction.ts'
import { nextTrySeconds } from '../deliveries/retry.rule.ts'
import { supersedeOlder } from '../queue/supersede.ts'
import { noteStatusChanges } from '../statuses/changes.ts'
import type { PreparedSource } from './prepared-source.ts'

export interface PreparedSources {
  sources: PreparedSource[]
  /** The first line of the commit's message. */
  subject?: string | undefined
  author?: string | undefined
}

/** Records that the sources of a build are ready. The waiting attempts of the build become claimable. */
export async function markSourcesReady(
  context: Context,
  buildId: number,
  { sources, subject, author }: PreparedSources,
): Promise<void> {
  await inTransaction(context, async tx => {
    // If a push adds jobs at the same time, it locks the build's row. So the attempts change in a second statement,
    // which sees the jobs of this push.
    await tx.execute`
      UPDATE "Build" SET "sources" = 'ready', "sourcesInfo" = ${JSON.stringify(sources)}::jsonb, "sourcesNextAt" = NULL,
             "subject" = COALESCE("subject", ${subject ?? null}), "author" = COALESCE("author", ${author ?? null})
       WHERE "id" = ${buildId}`
    const rows = await tx.query<{ jobId: number; number: number; hostId: number }>`
      UPDATE "OpenAttempt" SET "state" = 'queued', "queuedAt" = ${context.now()}
        FROM "Job"
       WHERE "Job"."id" = "OpenAttempt"."jobId" AND "Job"."buildId" = ${buildId} AND "OpenAttempt"."state" = 'waiting'
      RETURNING "OpenAttempt"."jobId", "OpenAttempt"."number", "OpenAttempt"."hostId"`
    tx.emit({ kind: 'sources-prepared', buildId, ok: true })
    if (rows.length > 0) tx.emit({ kind: 'queued', attempts: rows.map(queuedOf) })
    await noteStatusChanges(tx, [buildId])
  })
  await supersedeOlder(context, buildId)
}

/** A failed try to prepare the sources. */
export interface SourcesProblem {
  problem: string
  /** The repository answers, but does not have the commit. */
  absent: boolean
  /** The bucket of the farm does not answer. */
  storageAway?: boolean
}

/**
 * Records that the sources of a build are not available now. The farm tries again: after seconds, then minutes, then
 * hours, and always after at most half a minute if the bucket does not answer. At the end it gives up, and the build is broken.
 */
export async function postponeSources(
  context: Context,
  buildId: number,
  { problem, absent, storageAway }: SourcesProblem,
): Promise<'postponed' | 'failed'> {
  const at = context.now()
  const [build] = await context.db.query<{ tries: number; since: Date | null }>`
    SELECT "sourcesTries" AS "tries", "sourcesSince" AS "since" FROM "Build" WHERE "id" = ${buildId} AND "sources" = 'pending'`
  if (!build) return 'postponed'
  const since = build.since ?? at
  const sinceSeconds = (at.getTime() - since.getTime()) / 1000
  const wait = nextTrySeconds({ tries: build.tries + 1, sinceSeconds, absent, storageAway })
  if (wait === undefined) {
    await markSourcesFailed(context, buildId, problem)
    return 'failed'
  }
  await context.db.execute`
    UPDATE "Build" SET "sourcesTries" = ${build.tries + 1}, "sourcesSince" = ${since}, "sourcesNextAt" = ${later(at, wait)},
           "sourcesInfo" = ${JSON.stringify({ problem: cut(problem, 4000) })}::jsonb
     WHERE "id" = ${buildId} AND "sources" = 'pending' AND "sourcesTries" = ${build.tries}`
  return 'postponed'
}

/**
 * Records that the sources of a build are not available. Its waiting attempts end as broken, with git's message.
 * `conflictsWith` is the branch with which the pull request of the build conflicts.
 */
export async function markSourcesFailed(
  context: Context,
  buildId: number,
  message: string,
  { conflictsWith }: { conflictsWith?: string | undefined } = {},
): Promise<void> {
  const problem = cut(message, 4000)
  await inTransaction(context, async tx => {
    await tx.execute`
      UPDATE "Build" SET "sources" = 'failed', "sourcesInfo" = ${JSON.stringify({ problem, conflictsWith })}::jsonb, "sourcesTries" = 0,
             "sourcesSince" = NULL, "sourcesNextAt" = NULL
       WHERE "id" = ${buildId}`
    tx.emit({ kind: 'sources-prepared', buildId, ok: false })
    const where = sql`"state" = 'waiting' AND "jobId" IN (SELECT "id" FROM "Job" WHERE "buildId" = ${buildId})`
    await endAttempts(
      context,
      tx,
      { kind: 'many', where },
      conflictsWith === undefined ? sourcesFailedEnd(problem) : conflictEnd(problem),
    )
  })
}

/**
 * Prepares the sources of a build again, and adds an attempt to each broken job. Call this function when a person
 * repeats a build whose sources failed.
 */
export async function reopenSources(context: Context, buildId: number): Promise<void> {
  const at = context.now()
  await inTransaction(context, async tx => {
    tx.emit({ kind: 'sources-needed', buildId })
    const reopened = await tx.execute`
      UPDATE "Build" SET "sources" = 'pending', "sourcesInfo" = NULL WHERE "id" = ${buildId} AND "sources" = 'failed'`
    if (reopened === 0) return
    await addAttempts(
      tx,
      sql`
        SELECT job."id" AS "jobId", newest."number" + 1 AS "number", job."hostId", 'waiting' AS "state", ${at}::timestamptz AS "queuedAt",
               newest."purpose", newest."priority", newest."fork", build."projectName", build."id" AS "buildId"
          FROM "Job" job JOIN ${newestAttempt} newest ON true JOIN "Build" build ON build."id" = job."buildId"
         WHERE job."buildId" = ${buildId} AND newest."reason" IN ('sources', 'conflict')`,
    )
    await noteStatusChanges(tx, [buildId])
  })
}

/** Builds whose sources are not prepared yet, oldest first, without those that wait for their next try. */
export async function listUnprepared({ db, now }: Context, limit = 1000): Promise<number[]> {
  const rows = await db.models.build.findMany({
    where: { sources: 'pending', OR: [{ sourcesNextAt: null }, { sourcesNextAt: { lte: now() } }] },
    select: { id: true },
    orderBy: { id: 'asc' },
    take: limit,
  })
  return rows.map(({ id }) => id)
}
