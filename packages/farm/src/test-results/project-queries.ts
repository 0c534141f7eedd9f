import { attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { flakinessOf } from '../matrix/flakiness.rule.ts'
import { isAfter } from './attempt-queries.ts'
import { isGood, type Outcome } from './outcome.rule.ts'

export interface TestName {
  id: number
  suite: string
  name: string
}

/** A test in one cell. */
export interface TestCell extends TestName {
  host: string
  arch: string
  variant: string
}

export interface FlakyTest extends TestCell {
  results: number
  changes: number
  failures: number
  lastFailedAt: Date
  lastFailed: string
}

export interface SlowTest extends TestCell {
  durationMs: number
  attempt: string
}

export interface FailingTest extends TestName {
  failures: number
  hosts: number
  lastFailedAt: Date
}

export interface ProjectTests {
  flaky: FlakyTest[]
  slowest: SlowTest[]
  failing: FailingTest[]
  /** The tests after `after` whose names contain the searched text. */
  tests: TestName[]
  more: boolean
}

const daysShown = 45
// The newest failures are searched for flaky tests.
const failuresMax = 2000
const candidatesMax = 200
const resultsOfCell = 20
const attemptsSearched = 50
/** Among these, the farm looks for attempts of branches. The others are of tags, pull requests and tries. */
const attemptsRead = 1_000
const listMax = 50
export const testsOfProjectMax = 200

/** The tests of a project: the flaky ones, those that fail often, the slowest, and a part of the list of all. */
export async function testsOfProject(
  context: Context,
  project: string,
  { search, after }: { search?: string | undefined; after?: number | undefined },
): Promise<ProjectTests> {
  const since = new Date(context.now().getTime() - daysShown * 86_400_000)
  const [flaky, slowest, failing, tests] = await Promise.all([
    flakyTests(context, project, since),
    slowestTests(context, project),
    failingTests(context, project, since),
    listTests(context, project, { search, after, limit: testsOfProjectMax + 1 }),
  ])
  return { flaky, slowest, failing, tests: tests.slice(0, testsOfProjectMax), more: tests.length > testsOfProjectMax }
}

/** The newest failures on branches, of tests that failed lately or that passed only after several tries. */
const newestFailures = (project: string, since: Date) => sql`
  (SELECT one.* FROM (
     SELECT * FROM "TestResult" WHERE "projectName" = ${project} AND "finishedAt" >= ${since}
        AND ("outcome" IN ('failed', 'errored') OR "tries" > 1)
      ORDER BY "finishedAt" DESC LIMIT ${failuresMax}) one JOIN "Build" build ON build."id" = one."buildId" AND ${ofBranch})`

interface FlakyRow extends Omit<FlakyTest, 'results' | 'changes' | 'failures' | 'lastFailed'> {
  jobId: number
  number: number
  /** Newest first. */
  newest: { commit: string; outcome: Outcome; tries: number }[]
}

async function flakyTests({ db }: Context, project: string, since: Date): Promise<FlakyTest[]> {
  const rows = await db.query<FlakyRow>`
    SELECT test."id", test."suite", test."name", host."name" AS "host", cell."arch", cell."variant",
           cell."finishedAt" AS "lastFailedAt", cell."jobId", cell."number",
           (SELECT COALESCE(json_agg(json_build_object('commit', build."commit", 'outcome', one."outcome", 'tries', one."tries")
                            ORDER BY one."jobId" DESC, one."number" DESC), '[]')
              FROM (SELECT * FROM "TestResult" result WHERE result."testId" = cell."testId" AND result."hostId" = cell."hostId"
                       AND result."arch" = cell."arch" AND result."variant" = cell."variant" AND result."outcome" <> 'skipped'
                     ORDER BY result."jobId" DESC LIMIT ${resultsOfCell}) one
              JOIN "Build" build ON build."id" = one."buildId" AND ${ofBranch}) AS "newest"
      FROM (SELECT * FROM (
              SELECT DISTINCT ON ("testId", "hostId", "arch", "variant") * FROM ${newestFailures(project, since)} failed
               ORDER BY "testId", "hostId", "arch", "variant", "finishedAt" DESC) newest
             ORDER BY "finishedAt" DESC LIMIT ${candidatesMax}) cell
      JOIN "Test" test ON test."id" = cell."testId" JOIN "Host" host ON host."id" = cell."hostId"
     ORDER BY cell."finishedAt" DESC`
  return rows.flatMap(row => flakyOf(row) ?? []).slice(0, listMax)
}

function flakyOf({ newest, jobId, number, ...row }: FlakyRow): FlakyTest | undefined {
  const results = newest.toReversed().flatMap(({ commit, outcome, tries }) => {
    const verdict = isGood(outcome) ? ('passed' as const) : ('failed' as const)
    // The test program ran the test again and it passed: it failed and passed on one commit.
    return tries > 1 && isGood(outcome)
      ? [
          { commit, verdict: 'failed' as const },
          { commit, verdict },
        ]
      : [{ commit, verdict }]
  })
  const { flaky, ...counted } = flakinessOf(results, failingCommits(results))
  if (!flaky) return undefined
  const failures = results.filter(({ verdict }) => verdict === 'failed').length
  return { ...row, ...counted, failures, lastFailed: attemptName({ jobId, number }) }
}

/** How many of the newest commits failed without a pass between them. */
function failingCommits(results: readonly { commit: string; verdict: string }[]): number {
  const lastPass = results.findLastIndex(({ verdict }) => verdict === 'passed')
  return new Set(results.slice(lastPass + 1).map(({ commit }) => commit)).size
}

async function failingTests({ db }: Context, project: string, since: Date): Promise<FailingTest[]> {
  return db.query<FailingTest>`
    SELECT test."id", test."suite", test."name", failed."failures", failed."hosts", failed."lastFailedAt"
      FROM (SELECT "testId", count(*)::int AS "failures", count(DISTINCT "hostId")::int AS "hosts",
                   max("finishedAt") AS "lastFailedAt"
              FROM ${newestFailures(project, since)} newest WHERE "outcome" IN ('failed', 'errored') GROUP BY "testId"
             ORDER BY count(*) DESC, max("finishedAt") DESC LIMIT ${listMax}) failed
      JOIN "Test" test ON test."id" = failed."testId" ORDER BY failed."failures" DESC, failed."lastFailedAt" DESC`
}

/** The slowest tests of the newest attempts of branches, each with its slowest cell. */
async function slowestTests({ db }: Context, project: string): Promise<SlowTest[]> {
  const rows = await db.query<SlowTest & { jobId: number; number: number }>`
    SELECT test."id", test."suite", test."name", host."name" AS "host", slow."arch", slow."variant", slow."durationMs",
           slow."jobId", slow."number"
      FROM (SELECT * FROM (
              SELECT DISTINCT ON (result."testId") result.*
                FROM (SELECT read."jobId", read."number"
                        FROM (SELECT "jobId", "number" FROM "TestSummary" WHERE "projectName" = ${project}
                               ORDER BY "jobId" DESC LIMIT ${attemptsRead}) read
                        JOIN "Job" job ON job."id" = read."jobId" JOIN "Build" build ON build."id" = job."buildId" AND ${ofBranch}
                       ORDER BY read."jobId" DESC LIMIT ${attemptsSearched}) newest
               CROSS JOIN LATERAL (SELECT * FROM "TestResult" one WHERE one."jobId" = newest."jobId"
                      AND one."number" = newest."number" AND one."durationMs" >= 100
                    ORDER BY one."durationMs" DESC LIMIT ${listMax}) result
               ORDER BY result."testId", result."durationMs" DESC) slowest
             ORDER BY "durationMs" DESC LIMIT ${listMax}) slow
      JOIN "Test" test ON test."id" = slow."testId" JOIN "Host" host ON host."id" = slow."hostId"
     ORDER BY slow."durationMs" DESC, test."name"`
  return rows.map(({ jobId, number, ...test }) => ({ ...test, attempt: attemptName({ jobId, number }) }))
}

/** The tests of a project in the order of their names. */
export async function listTests(
  { db }: Context,
  project: string,
  { search, after, limit }: { search?: string | undefined; after?: number | undefined; limit: number },
): Promise<TestName[]> {
  const matches = search ? sql`position(lower(${search}) IN lower(test."suite" || ' ' || test."name")) > 0` : sql`true`
  return db.query<TestName>`
    SELECT "id", "suite", "name" FROM "Test" test
     WHERE test."projectName" = ${project} AND ${isAfter(after)} AND ${matches}
     ORDER BY test."suite", test."name", test."id" LIMIT ${limit}`
}
