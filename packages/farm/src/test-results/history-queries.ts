import { attemptName } from '@rumpfarm/contracts'
import type { CellName } from '../cells/branch-cells.ts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import { isBad, type Outcome } from './outcome.rule.ts'
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
export interface TestHistoryCell extends CellName {
  /** Newest first. */
  results: TestHistoryResult[]
}

export interface TestHistory extends TestName {
  project: string
  firstSeenAt: Date
  /** The cells that ran the test, and those whose newest result is a failure. */
  total: number
  failing: number
  /** One page of the cells. */
  cells: TestHistoryCell[]
  /** Whether cells follow after this page. */
  next: boolean
  /** Whether the test ran in more cells than the farm counts. */
  more: boolean
}

/**
 * A page of the cells, sorted by host, arch and variant. With `from`, the cells that fail now are first, and the page
 * begins after this number of cells.
 */
export type HistoryPage = { limit: number } & ({ after: CellName | undefined } | { from: number })

export const historyCellsMax = 300
export const historyResultsMax = 20

/**
 * One test on all hosts, with the newest results of one page of cells. The number of rows that are read does not grow
 * with the history: of the cells on other pages, the farm reads only the newest result.
 */
export async function testHistory(
  context: Context,
  project: string,
  id: number,
  page: HistoryPage,
): Promise<TestHistory | undefined> {
  const [test] = await context.db.query<TestName & { project: string; firstSeenAt: Date }>`
    SELECT "id", "projectName" AS "project", "suite", "name", "createdAt" AS "firstSeenAt" FROM "Test"
     WHERE "id" = ${id} AND "projectName" = ${project}`
  if (!test) return undefined
  const found = await context.db.query<NewestResult>`${newestResults(id)}`
  const all = found.slice(0, historyCellsMax)
  const failing = all.filter(({ outcome }) => isBad(outcome))
  const following = cellsAfter(all, page)
  const cells = following.slice(0, page.limit)
  return {
    ...test,
    total: all.length,
    failing: failing.length,
    cells: await withResults(context, id, cells),
    next: following.length > cells.length,
    more: found.length > historyCellsMax,
  }
}

interface NewestResult extends CellName {
  hostId: number
  outcome: Outcome
}

function cellsAfter(all: readonly NewestResult[], page: HistoryPage): readonly NewestResult[] {
  if ('from' in page) {
    const isFailing = ({ outcome }: NewestResult) => isBad(outcome)
    return [...all.filter(isFailing), ...all.filter(cell => !isFailing(cell))].slice(page.from)
  }
  const { after } = page
  return after === undefined ? all : all.filter(cell => compareCells(cell, after) > 0)
}

const compareCells = (one: CellName, other: CellName): number =>
  compare(one.host, other.host) || compare(one.arch, other.arch) || compare(one.variant, other.variant)

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

/**
 * The cells of a test with their newest results, sorted. Only tags, pull requests and tries have results in some cells:
 * these cells do not count. PostgreSQL reads the index once for each cell, and then a build and a result.
 */
export const newestResults = (id: number): Sql => sql`
  WITH RECURSIVE cell AS (
    (${nextCell(id, sql`true`)})
    UNION ALL
    SELECT next.*, cell."count" + 1 FROM cell
     CROSS JOIN LATERAL (SELECT "hostId", "arch", "variant" FROM (${nextCell(
       id,
       sql`(result."hostId", result."arch", result."variant") > (cell."hostId", cell."arch", cell."variant")`,
     )}) found) next
     WHERE cell."count" <= ${constant(historyCellsMax)}
  )
  SELECT cell."hostId", host."name" AS "host", cell."arch", cell."variant", newest."outcome"
    FROM cell JOIN "Host" host ON host."id" = cell."hostId"
   CROSS JOIN LATERAL (
     SELECT one."jobId" FROM (SELECT "jobId", "buildId" FROM "TestResult" result WHERE ${inCell(id)}
                               ORDER BY result."jobId" DESC LIMIT ${constant(historyResultsMax)}) one
       JOIN "Build" build ON build."id" = one."buildId" AND ${ofBranch}
      ORDER BY one."jobId" DESC LIMIT 1) job
   CROSS JOIN LATERAL (SELECT "outcome" FROM "TestResult" result WHERE ${inCell(id)} AND result."jobId" = job."jobId"
                        ORDER BY result."number" DESC LIMIT 1) newest
   ORDER BY host."name" COLLATE "C", cell."arch" COLLATE "C", cell."variant" COLLATE "C"`

/** The first cell of the test for which the condition is true: one read of the index. */
const nextCell = (id: number, after: Sql) => sql`
  SELECT result."hostId", result."arch", result."variant", 1 AS "count" FROM "TestResult" result
   WHERE result."testId" = ${id} AND ${after}
   ORDER BY result."hostId", result."arch", result."variant" LIMIT 1`

/** The results of the test in the row `cell`. */
const inCell = (id: number) => sql`
  result."testId" = ${id} AND result."hostId" = cell."hostId" AND result."arch" = cell."arch" AND result."variant" = cell."variant"`

interface ResultsRow extends CellName {
  results: (Omit<TestHistoryResult, 'attempt' | 'finishedAt'> & { number: number; finishedAt: string })[]
}

async function withResults({ db }: Context, id: number, cells: readonly NewestResult[]): Promise<TestHistoryCell[]> {
  if (cells.length === 0) return []
  const rows = await db.query<ResultsRow>`${resultsOfCells(id, cells)}`
  return rows.map(({ results, ...cell }) => ({ ...cell, results: results.map(resultOf) }))
}

/** The newest results of these cells, in the order of the cells. LIMIT 1 prevents a plan that reads all jobs. */
export const resultsOfCells = (id: number, cells: readonly Omit<NewestResult, 'outcome'>[]): Sql => sql`
  SELECT cell."host", cell."arch", cell."variant",
         (SELECT COALESCE(json_agg(json_build_object('jobId', one."jobId", 'number', one."number", 'buildId', one."buildId",
                   'commit', build."commit", 'branch', COALESCE(job."branch", build."branch"), 'outcome', one."outcome",
                   'tries', one."tries", 'durationMs', one."durationMs", 'message', left(one."message", 300),
                   'finishedAt', one."finishedAt") ORDER BY one."jobId" DESC, one."number" DESC), '[]')
            FROM (SELECT * FROM "TestResult" result WHERE ${inCell(id)}
                   ORDER BY result."jobId" DESC LIMIT ${constant(historyResultsMax)}) one
           CROSS JOIN LATERAL (SELECT "branch" FROM "Job" WHERE "id" = one."jobId" LIMIT 1) job
           CROSS JOIN LATERAL (SELECT * FROM "Build" WHERE "id" = one."buildId" LIMIT 1) build
           WHERE ${ofBranch}) AS "results"
    FROM unnest(${cells.map(({ hostId }) => hostId)}::int[], ${cells.map(({ host }) => host)}::text[],
                ${cells.map(({ arch }) => arch)}::text[], ${cells.map(({ variant }) => variant)}::text[])
           WITH ORDINALITY AS cell("hostId", "host", "arch", "variant", "order")
   ORDER BY cell."order"`

// Each member has its name: a page has a thousand results, and the spread syntax is slow.
const resultOf = (row: ResultsRow['results'][number]): TestHistoryResult => ({
  attempt: attemptName(row),
  jobId: row.jobId,
  buildId: row.buildId,
  commit: row.commit,
  branch: row.branch,
  outcome: row.outcome,
  tries: row.tries,
  durationMs: row.durationMs,
  message: row.message,
  finishedAt: new Date(row.finishedAt),
})
