import type { AttemptId } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import type { Counts } from './outcome.rule.ts'

/** The tests of an attempt as counts. */
export interface TestSummaryView extends AttemptId {
  counts: Counts
  total: number
  complete: boolean
  /** The attempt passed without any test, and earlier jobs of the same cell had tests. */
  missing: boolean
  notice: string | null
}

/** A file or a log with results. */
export interface TestRunView {
  file: string
  format: 'junit' | 'tap' | 'pattern'
  complete: boolean
  counts: Counts
  notice: string | null
}

const filesShown = 200

const counts = sql`json_build_object('passed', "passed", 'failed', "failed", 'errored', "errored", 'skipped', "skipped",
  'expected-failure', "expectedFailures", 'unexpected-pass', "unexpectedPasses") AS "counts"`

/** Undefined if the recipe has no `results`, or if the farm has not examined the attempt yet. */
export async function testSummary(
  { db }: Context,
  { jobId, number }: AttemptId,
): Promise<(TestSummaryView & { runs: TestRunView[] }) | undefined> {
  const [summary] = await db.query<TestSummaryView>`
    SELECT "jobId", "number", ${counts}, "total", "complete", "missing", "notice" FROM "TestSummary"
     WHERE "jobId" = ${jobId} AND "number" = ${number}`
  if (!summary) return undefined
  const runs = await db.query<TestRunView>`
    SELECT "file", "format", "complete", ${counts}, "notice" FROM "TestRun"
     WHERE "jobId" = ${jobId} AND "number" = ${number} ORDER BY "complete", "run" LIMIT ${filesShown}`
  return { ...summary, runs }
}
