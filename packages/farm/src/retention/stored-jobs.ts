import type { ProjectKeep } from '@rumpfarm/contracts'
import type { Statements } from '../db/client.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { StoredJob } from './expiry.rule.ts'

/** Which builds to look at. */
export interface BuildsToCheck {
  project: string
  /** Only builds with a larger id. */
  after: number
  createdBefore: Date
  /** Also builds none of whose files can expire. */
  whole: boolean
  limit: number
}

export interface CheckedJob extends StoredJob {
  id: number
}

export interface CheckedBuild {
  id: number
  createdAt: Date
  /** An open problem, a message that was not sent, or the like refers to the build. */
  needed: boolean
  jobs: CheckedJob[]
}

interface Row extends Omit<CheckedJob, 'id'> {
  id: number | null
  buildId: number
  createdAt: Date
  buildNeeded: boolean
}

/** The oldest of these builds, with all their jobs. */
export async function checkedBuilds(
  db: Pick<Statements, 'query'>,
  wanted: BuildsToCheck,
  keep: ProjectKeep,
): Promise<CheckedBuild[]> {
  const rows = await db.query<Row>`${checkedBuildsQuery(wanted, keep)}`
  const builds = new Map<number, CheckedBuild>()
  for (const { id, buildId, createdAt, buildNeeded, ...job } of rows) {
    const build = builds.get(buildId) ?? { id: buildId, createdAt, needed: buildNeeded, jobs: [] }
    builds.set(buildId, build)
    if (id !== null) build.jobs.push({ id, ...job })
  }
  return [...builds.values()]
}

const results = sql`('passed', 'failed', 'timed-out')`

/**
 * Each build costs its own jobs, and for each of these at most `lastPerCell` entries of an index. In addition, the query
 * reads the cells of the project and all open problems and bisections, whose number does not grow with the history.
 */
export const checkedBuildsQuery = (
  { project, after, createdBefore, whole, limit }: BuildsToCheck,
  { lastPerCell }: ProjectKeep,
): Sql => sql`
  WITH chosen AS MATERIALIZED (
    SELECT build."id", build."createdAt", build."kind", build."branch" FROM "Build" build
     WHERE build."projectName" = ${project} AND build."id" > ${after} AND build."createdAt" <= ${createdBefore}
       ${whole ? sql`` : sql`AND build."expiryDoneAt" IS NULL`}
     ORDER BY build."id" LIMIT ${limit}),
  milestones AS MATERIALIZED (
    SELECT unnest(ARRAY["jobId", CASE WHEN "verdict" <> 'passed' THEN "sinceJobId" END, "lastGoodJobId"]) AS "jobId"
      FROM "Cell" WHERE "projectName" = ${project}),
  needed_jobs AS MATERIALIZED (
    SELECT "jobId" FROM "ProblemCell" WHERE "endedAt" IS NULL AND "projectName" = ${project}
     UNION ALL SELECT "badJobId" FROM "Bisection" WHERE "state" <> 'finished'
     UNION ALL SELECT cell."jobId" FROM "Bisection" b JOIN "BisectionCell" cell ON cell."bisectionId" = b."id" WHERE b."state" <> 'finished'
     UNION ALL SELECT probe."jobId" FROM "Bisection" b JOIN "Probe" probe ON probe."bisectionId" = b."id" WHERE b."state" <> 'finished'),
  needed_builds AS MATERIALIZED (
    SELECT unnest(ARRAY["buildId", "sinceBuildId", "changedBuildId", "lastGoodBuildId"]) AS "buildId" FROM "Cell" WHERE "projectName" = ${project}
     UNION ALL SELECT unnest(ARRAY["sinceBuildId", "lastGoodBuildId"]) FROM "ProblemCell" WHERE "endedAt" IS NULL AND "projectName" = ${project}
     UNION ALL SELECT "openedBuildId" FROM "Problem" WHERE "closedAt" IS NULL AND "projectName" = ${project}
     UNION ALL SELECT "buildId" FROM "Notification" WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL
     UNION ALL SELECT "buildId" FROM "CommitStatus" WHERE "sentVersion" < "version" AND "gaveUpAt" IS NULL)
  SELECT job."id", chosen."id" AS "buildId", chosen."createdAt",
         chosen."id" IN (SELECT "buildId" FROM needed_builds WHERE "buildId" IS NOT NULL)
           OR EXISTS (SELECT 1 FROM "StatusChange" change WHERE change."buildId" = chosen."id")
           OR EXISTS (SELECT 1 FROM "Try" t WHERE t."buildId" = chosen."id" AND t."removedAt" IS NULL) AS "buildNeeded",
         job."status" = 'open' AS "open", job."status" IN ('failed', 'timed-out') AS "failed", ends."endedAt",
         COALESCE(ends."logs", 0) AS "logs", COALESCE(ends."logBytes", 0) AS "logBytes",
         COALESCE(files."artifacts", 0) AS "artifacts", COALESCE(files."artifactBytes", 0) AS "artifactBytes",
         CASE WHEN chosen."kind" = 'branch' AND job."status" IN ${results} AND COALESCE(job."branch", chosen."branch") IS NOT NULL THEN (
           SELECT count(*)::int FROM (
             SELECT 1 FROM "Job" newer
              WHERE newer."hostId" = job."hostId" AND newer."arch" = job."arch" AND newer."variant" = job."variant"
                AND newer."projectName" = ${project} AND newer."branch" = COALESCE(job."branch", chosen."branch")
                AND newer."status" IN ${results} AND newer."id" > job."id" LIMIT ${lastPerCell}) counted) END AS "newer",
         job."id" IN (SELECT "jobId" FROM milestones WHERE "jobId" IS NOT NULL) AS "milestone",
         job."id" IN (SELECT "jobId" FROM needed_jobs)
           OR EXISTS (SELECT 1 FROM "Examination" waiting WHERE waiting."jobId" = job."id") AS "needed"
    FROM chosen LEFT JOIN "Job" job ON job."buildId" = chosen."id"
    LEFT JOIN LATERAL (
      SELECT max(a."finishedAt") AS "endedAt",
             (count(*) FILTER (WHERE a."logBytes" > 0 AND a."finishedAt" > COALESCE(job."logExpiredAt", '-infinity')))::int AS "logs",
             (sum(a."logBytes") FILTER (WHERE a."finishedAt" > COALESCE(job."logExpiredAt", '-infinity')))::float8 AS "logBytes"
        FROM "Attempt" a WHERE a."jobId" = job."id") ends ON true
    LEFT JOIN LATERAL (
      SELECT count(*)::int AS "artifacts", sum(file."bytes")::float8 AS "artifactBytes"
        FROM "Artifact" file JOIN "Attempt" a ON a."jobId" = file."jobId" AND a."number" = file."number"
       WHERE file."jobId" = job."id" AND a."finishedAt" > COALESCE(job."artifactsExpiredAt", '-infinity')) files ON true
   ORDER BY chosen."id", job."id"`
