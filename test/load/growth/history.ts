import type pg from 'pg'

const jobsOfBuild = 100
/** A build has at most one job on each of these. */
const oldHosts = jobsOfBuild / 4

export interface OldHistory {
  jobs: number
  builds: number
}

/** The newest tenth of the builds are those of bisections, without jobs. */
export const oldHistory = (jobs: number): OldHistory => ({ jobs, builds: Math.ceil((jobs / jobsOfBuild) * 1.1) })

/** These occur only in the first part of the history: 25 hosts, 3 arches, a variant, a project, and some verdicts. */
export const old = { host: 'old-1', arch: 'pdp11', variant: 'ancient', project: 'attic', branch: 'gone' } as const

/**
 * Writes jobs with smaller ids than the present ones. The farm has the hosts and projects of the demo's year. PostgreSQL
 * makes the rows itself, without the indexes, because a program would need hours for ten million jobs.
 */
export async function writeOldHistory(db: pg.Client, { jobs, builds }: OldHistory): Promise<void> {
  const restore = await dropIndexes(db)
  await db.query(`SET work_mem = '64MB'; SET maintenance_work_mem = '512MB'; SET synchronous_commit = off`)
  await db.query(places)
  for (const statement of buildRows) await db.query(statement, [builds, jobs / jobsOfBuild])
  for (let first = 1; first <= jobs; first += atOnce)
    for (const statement of jobRows) await db.query(statement, [first, Math.min(jobs, first + atOnce - 1), jobs])
  for (const statement of restore) await db.query(statement)
}

const atOnce = 500_000

/** Drops the indexes and foreign keys of the large tables. Returns the statements that make them again. */
async function dropIndexes(db: pg.Client): Promise<string[]> {
  const keys = await db.query<{ drop: string; add: string }>(`
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS "drop",
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS "add"
      FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`)
  const indexes = await db.query<{ drop: string; add: string }>(`
    SELECT format('DROP INDEX %I', indexname) AS "drop", indexdef AS "add" FROM pg_indexes
     WHERE schemaname = 'public' AND tablename IN ('Job', 'Attempt', 'Failure', 'TestResult', 'TestSummary')
       AND indexname NOT IN (SELECT conname FROM pg_constraint)`)
  const all = [...keys.rows, ...indexes.rows]
  for (const { drop } of all) await db.query(drop)
  return all.reverse().map(({ add }) => add)
}

/** Numbers the projects, and the hosts with their arches and variants. */
const places = `
  INSERT INTO "Host" ("name", "credentialHash", "facts", "slots", "agentVersion", "enrolledAt", "lastSeenAt", "removedAt")
  SELECT 'old-' || n, 'none-' || n, '{}', 1, '1.0.0', '2014-01-01', '2015-01-01', CASE WHEN n > 1 THEN timestamptz '2015-01-01' END
    FROM generate_series(1, ${oldHosts}) n;
  INSERT INTO "Project" ("name", "config", "configHash", "removedAt", "updatedAt")
  SELECT '${old.project}', (SELECT "config" FROM "Project" ORDER BY "name" LIMIT 1), 'none', '2015-01-01', '2015-01-01';
  INSERT INTO "Branch" ("projectName", "name", "pushedAt", "removedAt")
  SELECT "name", '${old.branch}', '2015-01-01', '2015-01-01' FROM "Project";
  CREATE TABLE "Growth" AS
    SELECT row_number() OVER (ORDER BY "hostId", "arch", "variant") - 1 AS "place", cell.*
      FROM (SELECT DISTINCT "hostId", "arch", "variant" FROM "Cell") cell;
  CREATE UNIQUE INDEX ON "Growth" ("place");
  CREATE TABLE "GrowthProject" AS
    SELECT row_number() OVER (ORDER BY "name") - 1 AS "place", "name" FROM "Project" WHERE "removedAt" IS NULL;
  ANALYZE "Growth", "GrowthProject"`

const startedAt = `timestamptz '2014-06-01'`
const projects = `(SELECT count(*) FROM "GrowthProject")`

/** $1 is the number of builds, and $2 the number of builds with jobs. The first hundredth is of the old project. */
const buildRows = [
  `INSERT INTO "Build" ("id", "projectName", "commit", "reason", "branch", "subject", "author", "createdAt", "sources", "recipeHash", "cause")
   SELECT n, CASE WHEN n <= $2::int / 100 THEN '${old.project}' ELSE project."name" END, md5(n::text) || substr(md5('c' || n), 1, 8),
          CASE WHEN n > $2::int THEN 'bisect 1' ELSE 'push' END,
          CASE WHEN n % 10 = 0 AND n < $2::int / 10 THEN '${old.branch}' WHEN n % 7 = 0 THEN 'topic-' || n % 400 ELSE 'main' END,
          'Change the file number ' || n, 'Author ' || n % 50, ${startedAt} + n * (interval '11 years' / GREATEST($1::int, 1)), 'ready', '',
          CASE WHEN n > $2::int THEN 'bisection' ELSE 'push' END
     FROM generate_series(1, $1::int) n JOIN "GrowthProject" project ON project."place" = n % ${projects}`,
  `INSERT INTO "Branch" ("projectName", "name", "pushedAt", "removedAt")
   SELECT "projectName", "branch", max("createdAt"), CASE WHEN "branch" LIKE 'topic%' THEN max("createdAt") END
     FROM "Build" WHERE "id" <= $1::int AND $2::int > 0 GROUP BY 1, 2 ON CONFLICT DO NOTHING`,
  `INSERT INTO "Push" ("source", "deliveryId", "projectName", "branch", "commit", "outcome", "buildId", "receivedAt")
   SELECT 'growth', "id"::text, "projectName", "branch", "commit", 'built', "id", "createdAt" FROM "Build"
    WHERE "id" <= $1::int AND "id" <= $2::int`,
  `INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position", "settled")
   SELECT "projectName", "commit", "branch", "id" - $1::int, true FROM "Build" WHERE "id" <= $1::int AND "id" <= $2::int`,
  `INSERT INTO "Commit" ("repository", "commit", "parent", "author", "subject", "committedAt")
   SELECT known."repository", build."commit", NULL, build."author", build."subject", build."createdAt"
     FROM "Build" build JOIN "GrowthProject" project ON project."name" = build."projectName"
     CROSS JOIN LATERAL (SELECT "config" ->> 'repository' AS "repository" FROM "Project" WHERE "name" = project."name") known
    WHERE build."id" <= $1::int AND build."id" <= $2::int`,
  `INSERT INTO "Problem" ("projectName", "branch", "key", "fingerprint", "step", "verdict", "openedAt", "openedBuildId", "closedAt")
   SELECT "projectName", 'main', 'old ' || "id", md5('f' || "id" % 1000), 'tests', 'failed', "createdAt", "id", "createdAt" + interval '1 day'
     FROM "Build" WHERE "id" <= $1::int AND "id" <= $2::int`,
  `INSERT INTO "ProblemCell" ("problemId", "projectName", "branch", "hostId", "arch", "variant", "jobId", "number", "sinceBuildId",
          "sinceCommit", "sinceAt", "endedAt", "ended", "endedBuildId")
   SELECT problem."id", problem."projectName", 'main', place."hostId", place."arch", place."variant", problem."openedBuildId" * ${jobsOfBuild} - n, 1,
          problem."openedBuildId", md5('c' || problem."openedBuildId"), problem."openedAt", problem."closedAt", 'passed', problem."openedBuildId"
     FROM "Problem" problem CROSS JOIN generate_series(1, 3) n
     JOIN "Growth" place ON place."place" = (problem."id" * 7 + n * 31) % (SELECT count(*) FROM "Growth")
    WHERE problem."key" LIKE 'old %' AND $1::int > 0 AND $2::int > 0`,
  `INSERT INTO "Notification" ("event", "projectName", "branch", "problemId", "subject", "channel", "thread", "createdAt", "nextAt", "deliveredAt")
   SELECT 'fixed', "projectName", "branch", "id", 'growth:' || "id", 'none', "id"::text, "openedAt", "openedAt", "closedAt" FROM "Problem"
    WHERE "key" LIKE 'old %' AND $1::int > 0 AND $2::int > 0`,
  `INSERT INTO "CommitStatus" ("projectName", "commit", "api", "repository", "context", "buildId", "state", "description", "sentVersion",
          "changedAt", "sentAt", "nextAt")
   SELECT "projectName", "commit", 'https://forge.example.org', 'growth', 'rumpfarm', "id", 'success', 'passed', 1, "createdAt", "createdAt", "createdAt"
     FROM "Build" WHERE "id" <= $1::int AND "id" <= $2::int`,
  `INSERT INTO "PullRequest" ("projectName", "number", "title", "author", "baseBranch", "headBranch", "headCommit", "fork", "state", "openedAt",
          "changedAt", "closedAt")
   SELECT "projectName", 100000 + "id", "subject", 'somebody', 'main', 'patch', "commit", true, 'merged', "createdAt", "createdAt", "createdAt"
     FROM "Build" WHERE "id" <= $1::int AND "id" <= $2::int AND "id" % 5 = 0`,
  `INSERT INTO "Bisection" ("projectName", "branch", "hostId", "arch", "variant", "goodCommit", "badCommit", "badJobId", "verdict", "startedBy",
          "ruleVersion", "noiseRuns", "noiseFailed", "budgetSeconds", "pauseSeconds", "state", "outcome", "words", "createdAt", "finishedAt")
   SELECT build."projectName", 'main', place."hostId", place."arch", place."variant", build."commit", build."commit", 1, 'failed', 'farm', 1, 0, 0, 0, 0,
          'finished', 'confirmed', 'the first bad commit is known', build."createdAt", build."createdAt"
     FROM "Build" build JOIN "Growth" place ON place."place" = build."id" % (SELECT count(*) FROM "Growth")
    WHERE build."id" <= $1::int AND build."id" <= $2::int AND build."id" % 20 = 0`,
]

const isOld = `n <= $3::int / 20`

/** $1 and $2 are the first and the last job, and $3 the number of jobs. */
const jobRows = [
  `INSERT INTO "Job" ("id", "buildId", "projectName", "hostId", "arch", "variant", "branch", "recipeHash", "status")
   SELECT n, build."id", build."projectName",
          COALESCE((SELECT "id" FROM "Host" WHERE "name" = 'old-' || (n / 4 % ${oldHosts} + 1) AND ${isOld} AND n % 4 = 0), place."hostId"),
          CASE WHEN ${isOld} AND n % 12 = 0 THEN (ARRAY['${old.arch}', 'm88k', 'ns32k'])[n / 12 % 3 + 1] ELSE place."arch" END,
          CASE WHEN ${isOld} AND n % 8 = 0 THEN '${old.variant}' ELSE place."variant" END, build."branch", recipe."hash",
          CASE WHEN n <= $3::int / 100 THEN (ARRAY['failed', 'lost', 'broken', 'cancelled', 'timed-out', 'passed'])[n % 6 + 1]
               WHEN n % 40 = 0 THEN 'failed' ELSE 'passed' END
     FROM generate_series($1::int, $2::int) n
     JOIN "Build" build ON build."id" = (n - 1) / ${jobsOfBuild} + 1
     CROSS JOIN (SELECT count(*)::int AS "cells" FROM "Growth") growth
     JOIN "Growth" place ON place."place" = (n - 1 + (n - 1) / ${jobsOfBuild} * 7) % growth."cells"
     CROSS JOIN (SELECT "hash" FROM "Recipe" ORDER BY "hash" LIMIT 1) recipe`,
  `INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "projectName", "buildId", "queuedAt", "slot", "lease", "leasedAt", "startedAt",
          "finishedAt", "steps", "verdict", "failedStep", "reason", "logBytes", "logSum", "compiler")
   SELECT job."id", 1, job."hostId", job."projectName", job."buildId", build."createdAt", 1, 'growth-' || job."id",
          build."createdAt" + interval '1 minute', build."createdAt" + interval '1 minute', build."createdAt" + interval '9 minutes',
          '[{"exit": 0, "name": "configure", "logBytes": 100, "milliseconds": 13812}, {"exit": 0, "name": "build", "logBytes": 100, "milliseconds": 174654}, {"exit": 0, "name": "tests", "logBytes": 100, "milliseconds": 101542}]',
          job."status", CASE WHEN job."status" IN ('failed', 'timed-out') THEN 'tests' END, 'exit', 300, 'crc:1', 'gcc (Debian 14.2.0-19) 14.2.0'
     FROM "Job" job JOIN "Build" build ON build."id" = job."buildId" WHERE job."id" BETWEEN $1::int AND $2::int AND $3::int > 0`,
  `INSERT INTO "Failure" ("jobId", "number", "projectName", "buildId", "hostId", "arch", "variant", "step", "exit", "fingerprint", "rule", "text",
          "message", "line", "excerpt", "createdAt")
   SELECT "id", 1, "projectName", "buildId", "hostId", "arch", "variant", 'tests', 1, md5('f' || "id" % 1000), 'C1', 'error: the test fails',
          'error: the test fails', 7, '{"firstLine": 5, "lines": ["one", "two", "error: the test fails"]}', now()
     FROM "Job" WHERE "id" BETWEEN $1::int AND $2::int AND "status" = 'failed' AND $3::int > 0`,
  `INSERT INTO "TestSummary" ("jobId", "number", "projectName", "buildId", "hostId", "arch", "variant", "passed", "failed", "errored", "skipped",
          "expectedFailures", "unexpectedPasses", "total", "complete", "missing", "finishedAt")
   SELECT "id", 1, "projectName", "buildId", "hostId", "arch", "variant", 3, 0, 0, 0, 0, 0, 3, true, false, now() - interval '1 year'
     FROM "Job" WHERE "id" BETWEEN $1::int AND $2::int AND "id" % 20 = 0 AND $3::int > 0`,
  `INSERT INTO "TestResult" ("jobId", "number", "testId", "run", "buildId", "projectName", "hostId", "arch", "variant", "outcome", "durationMs", "finishedAt")
   SELECT job."id", 1, test."id", 0, job."buildId", job."projectName", job."hostId", job."arch", job."variant",
          CASE WHEN job."id" % 400 = 0 THEN 'failed' ELSE 'passed' END, 120, now() - interval '1 year'
     FROM "Job" job CROSS JOIN LATERAL (SELECT "id" FROM "Test" WHERE "projectName" = job."projectName" ORDER BY "id" LIMIT 3) test
    WHERE job."id" BETWEEN $1::int AND $2::int AND job."id" % 20 = 0 AND $3::int > 0`,
]
