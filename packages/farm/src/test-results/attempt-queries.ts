import type { AttemptId } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import type { Outcome } from './outcome.rule.ts'

/** What a test reported in an attempt. */
export interface TestResultView {
  testId: number
  suite: string
  name: string
  outcome: Outcome
  tries: number
  durationMs: number | null
  message: string | null
  excerpt: string | null
  file: string | null
  line: number | null
  fingerprint: string | null
}

export interface ListTests {
  /** By default, tests with every outcome. */
  outcomes?: readonly Outcome[] | undefined
  /** The last test of the page before. */
  after?: number | undefined
  /** Whether the output of the tests is read too. */
  withExcerpt?: boolean
  limit: number
}

export const resultColumns = sql`result."testId", test."suite", test."name", result."outcome", result."tries", result."durationMs",
  result."message", result."file", result."line", result."fingerprint"`
/** For the next page of a list: the tests whose names come after the name of this test. */
export const isAfter = (id: number | undefined) =>
  id === undefined
    ? sql`true`
    : sql`(test."suite", test."name", test."id") > (SELECT "suite", "name", "id" FROM "Test" WHERE "id" = ${id})`
export const noExcerpt = sql`NULL::text AS "excerpt"`

/** The tests of an attempt in the order of their names. */
export async function testsOfAttempt(
  { db }: Context,
  { jobId, number }: AttemptId,
  { outcomes, after, withExcerpt = false, limit }: ListTests,
): Promise<TestResultView[]> {
  return db.query<TestResultView>`
    SELECT ${resultColumns}, ${withExcerpt ? sql`result."excerpt"` : noExcerpt}
      FROM "TestResult" result JOIN "Test" test ON test."id" = result."testId"
     WHERE result."jobId" = ${jobId} AND result."number" = ${number} AND ${isAfter(after)}
       AND ${outcomes ? sql`result."outcome" = ANY(${[...outcomes]}::text[])` : sql`true`}
     ORDER BY test."suite", test."name", test."id" LIMIT ${limit}`
}

/** The slowest tests of an attempt, of those that took at least 100 ms. */
export async function slowestOfAttempt(
  { db }: Context,
  { jobId, number }: AttemptId,
  limit: number,
): Promise<TestResultView[]> {
  return db.query<TestResultView>`
    SELECT ${resultColumns}, ${noExcerpt}
      FROM (SELECT * FROM "TestResult" WHERE "jobId" = ${jobId} AND "number" = ${number} AND "durationMs" >= 100
             ORDER BY "durationMs" DESC, "testId" LIMIT ${limit}) result
      JOIN "Test" test ON test."id" = result."testId" ORDER BY result."durationMs" DESC, result."testId"`
}
