import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { expiryOf, oldestFilesKept } from './expiry.rule.ts'
import { moveRound, openRound, type ProjectToKeep } from './rounds.ts'
import { type CheckedBuild, checkedBuilds } from './stored-jobs.ts'

/** A transaction looks at this many builds. */
export const buildsAtOnce = 20

/**
 * Lets logs and artifacts of the next builds of a project expire, in one transaction. Returns false if there is nothing
 * to do now. `deleteFiles` then deletes the files.
 */
export const expireFiles = (context: Context, of: ProjectToKeep): Promise<boolean> =>
  inTransaction(context, async tx => {
    const { project, keep } = of
    const createdBefore = oldestFilesKept(keep, tx.now())
    if (!createdBefore) return false
    const round = await openRound(tx, of, 'files')
    if (!round) return false
    const wanted = { project, after: round.lastBuildId, whole: round.whole, createdBefore, limit: buildsAtOnce }
    const builds = await checkedBuilds(tx, wanted, keep)
    const jobs = builds.flatMap(build => build.jobs.map(job => ({ id: job.id, ...expiryOf(job, keep, tx.now()) })))
    await expireLogs(tx, idsOf(jobs.filter(({ log }) => log)))
    await expireArtifacts(tx, idsOf(jobs.filter(({ artifacts }) => artifacts)))
    const later = new Set(idsOf(jobs.filter(job => job.later)))
    await noteDone(tx, idsOf(builds.filter(build => !build.jobs.some(({ id }) => later.has(id)))))
    await moveRound(tx, project, 'files', builds.length < buildsAtOnce ? undefined : lastOf(builds))
    return builds.length === buildsAtOnce
  })

const idsOf = (all: readonly { id: number }[]): number[] => all.map(({ id }) => id)
const lastOf = (builds: readonly CheckedBuild[]): number | undefined => builds.at(-1)?.id

/** A job that somebody runs again meanwhile keeps its files. */
async function expireLogs(tx: Tx, jobIds: number[]): Promise<void> {
  if (jobIds.length === 0) return
  await tx.execute`
    WITH expired AS (
      UPDATE "Job" SET "logExpiredAt" = ${tx.now()} WHERE "id" = ANY(${jobIds}::bigint[]) AND "status" <> 'open' RETURNING "id")
    INSERT INTO "FileToDelete" ("jobId", "number", "kind", "names", "nextAt")
    SELECT a."jobId", a."number", 'log', '{}', ${tx.now()}::timestamptz FROM expired JOIN "Attempt" a ON a."jobId" = expired."id"
     WHERE a."state" = 'finished' AND a."leasedAt" IS NOT NULL
    ON CONFLICT DO NOTHING`
}

async function expireArtifacts(tx: Tx, jobIds: number[]): Promise<void> {
  if (jobIds.length === 0) return
  await tx.execute`
    WITH expired AS (
      UPDATE "Job" SET "artifactsExpiredAt" = ${tx.now()} WHERE "id" = ANY(${jobIds}::bigint[]) AND "status" <> 'open' RETURNING "id")
    INSERT INTO "FileToDelete" ("jobId", "number", "kind", "names", "nextAt")
    SELECT file."jobId", file."number", 'artifacts', array_agg(file."name" ORDER BY file."name"), ${tx.now()}::timestamptz
      FROM expired JOIN "Artifact" file ON file."jobId" = expired."id" GROUP BY 1, 2
    ON CONFLICT DO NOTHING`
}

const noteDone = async (tx: Tx, buildIds: number[]): Promise<void> =>
  void (
    buildIds.length > 0 &&
    (await tx.execute`
      UPDATE "Build" SET "expiryDoneAt" = ${tx.now()} WHERE "id" = ANY(${buildIds}::int[]) AND "expiryDoneAt" IS NULL
         AND NOT EXISTS (SELECT 1 FROM "Job" WHERE "buildId" = "Build"."id" AND "status" = 'open')`)
  )
