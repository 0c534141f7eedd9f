import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { buildExpires, daysBefore } from './expiry.rule.ts'
import { moveRound, openRound, type ProjectToKeep } from './rounds.ts'
import { type CheckedBuild, checkedBuilds } from './stored-jobs.ts'

/** A transaction looks at this many builds, and deletes builds until they have this many jobs. A build is never split. */
export const buildsAtOnce = 20
export const jobsAtOnce = 100

/**
 * Deletes the next builds of a project that expired, with their jobs, in one transaction. Returns false if there is nothing
 * to do now. `deleteFiles` then deletes their files.
 */
export const expireBuilds = (context: Context, of: ProjectToKeep): Promise<boolean> =>
  inTransaction(context, async tx => {
    const { project, keep } = of
    if (keep.buildsDays === undefined) return false
    const round = await openRound(tx, of, 'builds')
    if (!round) return false
    const createdBefore = daysBefore(tx.now(), keep.buildsDays)
    const wanted = { project, after: round.lastBuildId, whole: true, createdBefore, limit: buildsAtOnce }
    const builds = await checkedBuilds(tx, wanted, keep)
    const looked: CheckedBuild[] = []
    const expired: CheckedBuild[] = []
    for (const build of builds) {
      if (expired.reduce((sum, { jobs }) => sum + jobs.length, 0) >= jobsAtOnce) break
      looked.push(build)
      if (buildExpires(build, build.jobs, keep, tx.now())) expired.push(build)
    }
    if (expired.length > 0) await deleteBuilds(tx, of, expired)
    const ended = looked.length === builds.length && builds.length < buildsAtOnce
    if (ended) await deleteRest(tx, project, createdBefore)
    await moveRound(tx, project, 'builds', ended ? undefined : looked.at(-1)?.id)
    return !ended
  })

async function deleteBuilds(tx: Tx, { project, keep }: ProjectToKeep, builds: readonly CheckedBuild[]): Promise<void> {
  // A request to run jobs again locks the builds first (builds/retry.ts). A job that is open now keeps its build.
  const locked = await tx.query<{ id: number }>`
    SELECT "id" FROM "Build" WHERE "id" = ANY(${builds.map(({ id }) => id)}::int[])
       AND NOT EXISTS (SELECT 1 FROM "Job" WHERE "buildId" = "Build"."id" AND "status" = 'open')
     ORDER BY "id" FOR UPDATE`
  const buildIds = locked.map(({ id }) => id)
  const jobIds = builds.filter(({ id }) => buildIds.includes(id)).flatMap(({ jobs }) => jobs.map(({ id }) => id))
  await noteFiles(tx, jobIds)
  await tx.execute`
    INSERT INTO "ExpiredBuild" ("id", "projectName", "firstJobId", "lastJobId", "expiredAt", "keptDays")
    SELECT build."id", build."projectName", COALESCE(min(job."id"), 0), COALESCE(max(job."id"), 0), ${tx.now()}::timestamptz, ${keep.buildsDays}::int
      FROM "Build" build LEFT JOIN "Job" job ON job."buildId" = build."id"
     WHERE build."id" = ANY(${buildIds}::int[]) GROUP BY build."id" ON CONFLICT DO NOTHING`
  await deleteJobs(tx, jobIds)
  await tx.execute`DELETE FROM "Push" WHERE "buildId" = ANY(${buildIds}::int[])`
  await tx.execute`DELETE FROM "Try" WHERE "buildId" = ANY(${buildIds}::int[])`
  await tx.execute`
    DELETE FROM "CommitStatus" status USING "Build" build
     WHERE build."id" = ANY(${buildIds}::int[]) AND status."projectName" = ${project} AND status."commit" = build."commit"
       AND status."buildId" = build."id"`
  await tx.execute`
    DELETE FROM "Bisection" WHERE "state" = 'finished' AND "id" IN (
      SELECT substring("reason" FROM '^bisect ([0-9]{1,9})$')::int FROM "Build" WHERE "id" = ANY(${buildIds}::int[]))`
  const gone = await tx.query<{ commit: string }>`
    DELETE FROM "Build" WHERE "id" = ANY(${buildIds}::int[]) RETURNING "commit"`
  await tx.execute`
    DELETE FROM "BranchCommit" held WHERE held."projectName" = ${project} AND held."commit" = ANY(${gone.map(({ commit }) => commit)}::text[])
       AND NOT EXISTS (SELECT 1 FROM "Build" WHERE "projectName" = held."projectName" AND "commit" = held."commit")`
}

const noteFiles = (tx: Tx, jobIds: number[]): Promise<number> => tx.execute`
  INSERT INTO "FileToDelete" ("jobId", "number", "kind", "names", "nextAt")
  SELECT "jobId", "number", 'log', '{}'::text[], ${tx.now()}::timestamptz FROM "Attempt" WHERE "jobId" = ANY(${jobIds}::bigint[]) AND "leasedAt" IS NOT NULL
   UNION ALL
  SELECT "jobId", "number", 'artifacts', array_agg("name" ORDER BY "name"), ${tx.now()}::timestamptz
    FROM "Artifact" WHERE "jobId" = ANY(${jobIds}::bigint[]) GROUP BY 1, 2
  ON CONFLICT DO NOTHING`

async function deleteJobs(tx: Tx, jobIds: number[]): Promise<void> {
  await tx.execute`DELETE FROM "TestResult" WHERE "jobId" = ANY(${jobIds}::bigint[])`
  await tx.execute`DELETE FROM "TestRun" WHERE "jobId" = ANY(${jobIds}::bigint[])`
  await tx.execute`DELETE FROM "TestSummary" WHERE "jobId" = ANY(${jobIds}::bigint[])`
  await tx.execute`DELETE FROM "Failure" WHERE "jobId" = ANY(${jobIds}::bigint[])`
  await tx.execute`DELETE FROM "DamagedLog" WHERE "jobId" = ANY(${jobIds}::bigint[])`
  await tx.execute`DELETE FROM "SupersededAttempt" WHERE "jobId" = ANY(${jobIds}::bigint[])`
  await tx.execute`DELETE FROM "Artifact" WHERE "jobId" = ANY(${jobIds}::bigint[])`
  await tx.execute`DELETE FROM "FinishedAttempt" WHERE "jobId" = ANY(${jobIds}::bigint[])`
  await tx.execute`DELETE FROM "Job" WHERE "id" = ANY(${jobIds}::bigint[])`
}

const restAtOnce = 500

/** What refers to old builds: closed problems, and closed pull requests without a build. Each round deletes some of them. */
async function deleteRest(tx: Tx, project: string, before: Date): Promise<void> {
  await tx.execute`
    DELETE FROM "Problem" WHERE "id" IN (
      SELECT "id" FROM "Problem" WHERE "projectName" = ${project} AND "closedAt" <= ${before} ORDER BY "closedAt" LIMIT ${restAtOnce})`
  await tx.execute`
    DELETE FROM "PullRequest" WHERE "id" IN (
      SELECT "id" FROM "PullRequest" request WHERE "projectName" = ${project} AND "closedAt" <= ${before} AND "state" <> 'open'
         AND NOT EXISTS (SELECT 1 FROM "Build" WHERE "pullRequestId" = request."id")
       ORDER BY "closedAt" LIMIT ${restAtOnce})`
}
