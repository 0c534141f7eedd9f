import { attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import type { Outcome } from './outcome.rule.ts'
import type { TestName } from './project-queries.ts'

/** One result in the history of a test. */
export interface TestHistoryResult {
  attempt: string
  jobId: number
  buildId: number
  commit: string
  branch: string | null
  outcome: Outcome
  tries: number
  durationMs: number | null
  message: string | null
  finishedAt: Date
}

/** A test on one host, for one arch and variant. */
export interface TestHistoryCell {
  host: string
  arch: string
  variant: string
  /** Newest first. */
  results: TestHistoryResult[]
}

export interface TestHistory extends TestName {
  project: string
  firstSeenAt: Date
  cells: TestHistoryCell[]
  /** Whether the test ran in more cells than are listed. */
  more: boolean
}

export const historyCellsMax = 300
export const historyResultsMax = 20

interface Row {
  host: string
  arch: string
  variant: string
  results: (Omit<TestHistoryResult, 'attempt' | 'finishedAt'> & { number: number; finishedAt: string })[]
}

/** One test on all hosts, with its newest results. The number of rows that are read does not grow with the history. */
export async function testHistory({ db }: Context, project: string, id: number): Promise<TestHistory | undefined> {
  const [test] = await db.query<TestName & { project: string; firstSeenAt: Date }>`
    SELECT "id", "projectName" AS "project", "suite", "name", "createdAt" AS "firstSeenAt" FROM "Test"
     WHERE "id" = ${id} AND "projectName" = ${project}`
  if (!test) return undefined
  const rows = await db.query<Row>`
    WITH RECURSIVE cell AS (
      (${nextCell(id, sql`true`)})
      UNION ALL
      SELECT next.*, cell."count" + 1 FROM cell
       CROSS JOIN LATERAL (SELECT "hostId", "arch", "variant" FROM (${nextCell(
         id,
         sql`(result."hostId", result."arch", result."variant") > (cell."hostId", cell."arch", cell."variant")`,
       )}) found) next
       WHERE cell."count" <= ${historyCellsMax}
    )
    SELECT host."name" AS "host", cell."arch", cell."variant",
           (SELECT COALESCE(json_agg(json_build_object('jobId', one."jobId", 'number', one."number", 'buildId', one."buildId",
                     'commit', build."commit", 'branch', COALESCE(job."branch", build."branch"), 'outcome', one."outcome",
                     'tries', one."tries", 'durationMs', one."durationMs", 'message', left(one."message", 300),
                     'finishedAt', one."finishedAt") ORDER BY one."jobId" DESC, one."number" DESC), '[]')
              FROM (SELECT * FROM "TestResult" result WHERE result."testId" = ${id} AND result."hostId" = cell."hostId"
                       AND result."arch" = cell."arch" AND result."variant" = cell."variant"
                     ORDER BY result."jobId" DESC LIMIT ${historyResultsMax}) one
              JOIN "Job" job ON job."id" = one."jobId" JOIN "Build" build ON build."id" = one."buildId" AND ${ofBranch}) AS "results"
      FROM cell JOIN "Host" host ON host."id" = cell."hostId"
     ORDER BY host."name", cell."arch", cell."variant"`
  // Only tags, pull requests and tries have results in some cells.
  const cells = rows
    .filter(({ results }) => results.length > 0)
    .slice(0, historyCellsMax)
    .map(({ results, ...cell }) => ({ ...cell, results: results.map(resultOf) }))
  return { ...test, cells, more: rows.length > historyCellsMax }
}

/** The first cell of the test for which the condition is true: one read of the index. */
const nextCell = (id: number, after: ReturnType<typeof sql>) => sql`
  SELECT result."hostId", result."arch", result."variant", 1 AS "count" FROM "TestResult" result
   WHERE result."testId" = ${id} AND ${after}
   ORDER BY result."hostId", result."arch", result."variant" LIMIT 1`

const resultOf = ({ number, finishedAt, ...result }: Row['results'][number]): TestHistoryResult => ({
  ...result,
  attempt: attemptName({ jobId: result.jobId, number }),
  finishedAt: new Date(finishedAt),
})
