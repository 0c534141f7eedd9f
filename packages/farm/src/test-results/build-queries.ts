import { attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { constant, sql } from '../db/sql.ts'
import { changeOf, type TestChange } from './change.rule.ts'
import type { Outcome } from './outcome.rule.ts'

/** A test of a build that fails in one of its jobs, or that a job has fixed. */
export interface BuildTest {
  testId: number
  suite: string
  name: string
  change: TestChange
  outcome: Outcome
  jobId: number
  attempt: string
  host: string
  arch: string
  variant: string
  message: string | null
  fingerprint: string | null
  /** The build of the last result before, and the attempt with this result. Null for a test without a result before. */
  before: { buildId: number; attempt: string; outcome: Outcome } | null
}

export interface BuildTests {
  tests: BuildTest[]
  /** Whether more tests fail than are listed. */
  more: boolean
  /** The jobs with tests, and their tests. */
  jobs: number
  total: number
  /** The jobs that passed without any test, although earlier jobs of their cells had tests. */
  missing: { jobId: number; host: string; arch: string; variant: string }[]
}

/** The page of a build lists at most this many pairs of a test and a job. */
export const buildTestsMax = 500
// How many results of the same test in the same cell are searched for the commit before.
const earlierMax = 50
const laterMax = 20

/** The tests that fail in a build, and the tests that it has fixed. Reads a limited number of rows for each of them. */
export async function testsOfBuild(context: Context, buildId: number): Promise<BuildTests> {
  const [failing, fixed, counts, missing] = await Promise.all([
    failingTests(context, buildId),
    fixedTests(context, buildId),
    countsOfBuild(context, buildId),
    missingTests(context, buildId),
  ])
  const { jobs, total } = counts
  const tests = [...failing.slice(0, buildTestsMax), ...fixed.slice(0, buildTestsMax)]
  return { tests, more: Math.max(failing.length, fixed.length) > buildTestsMax, jobs, total, missing }
}

/** The branch of the job, and the position of the build's commit on it. */
const placed = sql`
  CROSS JOIN LATERAL (SELECT COALESCE(job."branch", build."branch") AS "branch") branch
  LEFT JOIN "BranchCommit" place ON place."projectName" = build."projectName" AND place."commit" = build."commit"
        AND place."branch" = branch."branch"`

/**
 * The result of the same test in the same cell at the nearest commit before, on the same branch. If the farm does not
 * know the position of the commit, the order of the jobs counts.
 */
const before = sql`LEFT JOIN LATERAL (
  SELECT near.*, nearBuild."id" AS "nearBuild"
    FROM ((SELECT * FROM "TestResult" other WHERE other."testId" = result."testId" AND other."hostId" = result."hostId"
              AND other."arch" = result."arch" AND other."variant" = result."variant" AND other."jobId" < result."jobId"
            ORDER BY other."jobId" DESC LIMIT ${earlierMax})
          UNION ALL
          (SELECT * FROM "TestResult" other WHERE other."testId" = result."testId" AND other."hostId" = result."hostId"
              AND other."arch" = result."arch" AND other."variant" = result."variant" AND other."jobId" > result."jobId"
            ORDER BY other."jobId" LIMIT ${laterMax})) near
    JOIN "Build" nearBuild ON nearBuild."id" = near."buildId" AND nearBuild."commit" <> build."commit" AND nearBuild."kind" = 'branch'
    LEFT JOIN "BranchCommit" nearPlace ON nearPlace."projectName" = nearBuild."projectName"
         AND nearPlace."commit" = nearBuild."commit" AND nearPlace."branch" = branch."branch"
   WHERE near."outcome" <> 'skipped'
     AND CASE WHEN place."position" IS NULL THEN near."jobId" < result."jobId"
              ELSE nearPlace."position" < place."position" END
   ORDER BY nearPlace."position" DESC NULLS LAST, near."jobId" DESC, near."number" DESC LIMIT 1) earlier ON true`

const columns = sql`result."testId", test."suite", test."name", result."outcome", result."jobId", result."number",
  host."name" AS "host", result."arch", result."variant", result."message", result."fingerprint",
  earlier."nearBuild" AS "beforeBuild", earlier."jobId" AS "beforeJob", earlier."number" AS "beforeNumber",
  earlier."outcome" AS "beforeOutcome"`

interface Row extends Omit<BuildTest, 'attempt' | 'before' | 'change'> {
  number: number
  beforeBuild: number | null
  beforeJob: number
  beforeNumber: number
  beforeOutcome: Outcome
  /** The outcomes of the test in all attempts of the job. */
  outcomes?: Outcome[]
}

async function failingTests({ db }: Context, buildId: number): Promise<BuildTest[]> {
  const rows = await db.query<Required<Row>>`
    SELECT ${columns},
           ARRAY(SELECT same."outcome" FROM "TestResult" same WHERE same."testId" = result."testId"
                    AND same."hostId" = result."hostId" AND same."arch" = result."arch" AND same."variant" = result."variant"
                    AND same."jobId" = result."jobId") AS "outcomes"
      FROM (SELECT DISTINCT ON ("testId", "jobId") * FROM (
              SELECT * FROM "TestResult" WHERE "buildId" = ${buildId} AND "outcome" IN ('failed', 'errored')
               ORDER BY "testId" LIMIT ${4 * buildTestsMax}) failed
             ORDER BY "testId", "jobId", "number" DESC LIMIT ${buildTestsMax + 1}) result
      JOIN "Test" test ON test."id" = result."testId"
      JOIN "Job" job ON job."id" = result."jobId" JOIN "Build" build ON build."id" = job."buildId"
      JOIN "Host" host ON host."id" = result."hostId"
      ${placed} ${before}
     ORDER BY test."suite", test."name", host."name", result."arch", result."variant"`
  return rows.map(row => viewOf(row, changeOf(row.outcomes, row.beforeBuild === null ? null : row.beforeOutcome)))
}

/**
 * The tests that failed in the job before of the same cell, and that pass now. PostgreSQL must run the parts in this
 * order: when it looked first for the tests that pass, a job with 20,000 tests took seven seconds. The jobs have nearly the
 * same earlier builds, so PostgreSQL reads each of these builds only once. LIMIT 1 prevents a plan that reads all builds.
 */
async function fixedTests({ db }: Context, buildId: number): Promise<BuildTest[]> {
  const rows = await db.query<Row>`
    WITH current AS MATERIALIZED (
      SELECT now.*, build."commit", branch."branch", place."position"
        FROM (SELECT DISTINCT ON ("jobId") * FROM "TestSummary" WHERE "buildId" = ${buildId}
               ORDER BY "jobId", "number" DESC) now
        JOIN "Job" job ON job."id" = now."jobId" JOIN "Build" build ON build."id" = job."buildId" ${placed}
    ), candidate AS MATERIALIZED (
      SELECT current."jobId" AS "nowJob", current."number" AS "nowNumber", current."commit" AS "nowCommit",
             current."position" AS "nowPosition", COALESCE(current."branch", '') AS "branch", former."jobId", former."number", former."buildId"
        FROM current CROSS JOIN LATERAL (
             SELECT "jobId", "number", "buildId", "total" FROM "TestSummary"
              WHERE "projectName" = current."projectName" AND "hostId" = current."hostId"
                AND "arch" = current."arch" AND "variant" = current."variant" AND "jobId" < current."jobId"
              ORDER BY "jobId" DESC LIMIT ${constant(earlierMax)}) former
       WHERE former."total" > 0
    ), held AS MATERIALIZED (
      SELECT used.*, build."commit", place."position"
        FROM (SELECT DISTINCT "buildId", "branch" FROM candidate) used
       CROSS JOIN LATERAL (SELECT * FROM "Build" WHERE "id" = used."buildId" LIMIT 1) build
        LEFT JOIN LATERAL (SELECT "position" FROM "BranchCommit" WHERE "projectName" = build."projectName"
                              AND "commit" = build."commit" AND "branch" = used."branch" LIMIT 1) place ON true
       WHERE ${ofBranch}
    ), former AS MATERIALIZED (
      SELECT DISTINCT ON (candidate."nowJob") candidate."nowJob", candidate."nowNumber", candidate."jobId", candidate."number",
             candidate."buildId", candidate."buildId" AS "nearBuild"
        FROM candidate JOIN held ON held."buildId" = candidate."buildId" AND held."branch" = candidate."branch"
       WHERE held."commit" <> candidate."nowCommit" AND (candidate."nowPosition" IS NULL OR held."position" < candidate."nowPosition")
       ORDER BY candidate."nowJob", held."position" DESC NULLS LAST, candidate."jobId" DESC, candidate."number" DESC
    ), earlier AS MATERIALIZED (
      SELECT former."nowJob", former."nowNumber", former."nearBuild", bad.* FROM former CROSS JOIN LATERAL (
             SELECT "testId", "jobId", "number", "outcome" FROM "TestResult" bad
              WHERE bad."buildId" = former."buildId" AND bad."jobId" = former."jobId" AND bad."number" = former."number"
                AND bad."outcome" IN ('failed', 'errored') LIMIT ${buildTestsMax + 1}) bad
       LIMIT ${10 * buildTestsMax}
    )
    SELECT ${columns}
      FROM earlier CROSS JOIN LATERAL (
           SELECT * FROM "TestResult" now WHERE now."jobId" = earlier."nowJob" AND now."number" = earlier."nowNumber"
              AND now."testId" = earlier."testId" AND now."outcome" NOT IN ('failed', 'errored', 'skipped') LIMIT 1) result
      JOIN "Test" test ON test."id" = result."testId" JOIN "Host" host ON host."id" = result."hostId"
     ORDER BY test."suite", test."name", host."name", result."arch", result."variant" LIMIT ${buildTestsMax + 1}`
  return rows.map(row => viewOf(row, 'fixed'))
}

function viewOf(row: Row, change: TestChange): BuildTest {
  const { number, beforeBuild, beforeJob, beforeNumber, beforeOutcome, outcomes: _, ...test } = row
  const before =
    beforeBuild === null
      ? null
      : {
          buildId: beforeBuild,
          attempt: attemptName({ jobId: beforeJob, number: beforeNumber }),
          outcome: beforeOutcome,
        }
  return { ...test, change, attempt: attemptName({ jobId: row.jobId, number }), before }
}

/** The tests of a build as counts. Of each job, the newest attempt with results counts. */
export interface BuildTestCounts {
  jobs: number
  total: number
  failing: number
  /** The jobs that passed without any test, although earlier jobs of their cells had tests. */
  missing: number
}

export async function countsOfBuild({ db }: Context, buildId: number): Promise<BuildTestCounts> {
  const [row] = await db.query<BuildTestCounts>`
    SELECT count(*)::int AS "jobs", COALESCE(sum("total"), 0)::int AS "total",
           COALESCE(sum("failed" + "errored"), 0)::int AS "failing", count(*) FILTER (WHERE "missing")::int AS "missing"
      FROM (SELECT DISTINCT ON ("jobId") * FROM "TestSummary" WHERE "buildId" = ${buildId}
             ORDER BY "jobId", "number" DESC) newest`
  return row ?? { jobs: 0, total: 0, failing: 0, missing: 0 }
}

const missingTests = ({ db }: Context, buildId: number) =>
  db.query<BuildTests['missing'][number]>`
    SELECT newest."jobId", host."name" AS "host", newest."arch", newest."variant"
      FROM (SELECT DISTINCT ON ("jobId") * FROM "TestSummary" WHERE "buildId" = ${buildId}
             ORDER BY "jobId", "number" DESC) newest JOIN "Host" host ON host."id" = newest."hostId"
     WHERE newest."missing" ORDER BY host."name", newest."arch", newest."variant" LIMIT ${buildTestsMax}`
