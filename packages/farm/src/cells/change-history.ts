import type { Context } from '../context.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import { type Branches, shownBranches } from '../matrix/active-attempts.ts'
import type { ChangedResult } from './recent-changes.rule.ts'

/** The query reads at most this many failed cells of each branch: those that began to fail last. */
const cellsOfBranchMax = 200
const cellsMax = 600
const bisectionsMax = 50

interface HistoryRow extends Omit<ChangedResult, 'state'> {
  endedAt: Date | null
  endedBuildId: number | null
  endedCommit: string | null
  endedSubject: string | null
  endedAuthor: string | null
}

/**
 * How cells began to fail and passed again in the past. A cell keeps only its last change, and the cells of problems keep
 * the earlier ones. The cost depends on the number of branches, and not on the length of the history.
 */
export async function changeHistory(
  { db }: Context,
  branches: Branches,
  hostId: number | undefined,
): Promise<ChangedResult[]> {
  const rows = await db.query<HistoryRow>`${historyOf(branches, hostId)}`
  const changes: ChangedResult[] = []
  for (const row of rows) {
    changes.push(failureOf(row))
    const { endedAt: at, endedBuildId: buildId, endedCommit: commit } = row
    if (at !== null && buildId !== null && commit !== null) changes.push(passOf(row, { at, buildId, commit }))
  }
  return changes
}

// The objects of these functions name each member: with the spread syntax, 600 rows took a third of the time for a feed.
const failureOf = (row: HistoryRow): ChangedResult => ({
  project: row.project,
  branch: row.branch,
  host: row.host,
  arch: row.arch,
  variant: row.variant,
  state: 'newly-failing',
  verdict: row.verdict,
  failedStep: row.failedStep,
  jobId: row.jobId,
  buildId: row.buildId,
  commit: row.commit,
  at: row.at,
  subject: row.subject,
  author: row.author,
  message: row.message,
})

const passOf = (
  row: HistoryRow,
  { at, buildId, commit }: Pick<ChangedResult, 'at' | 'buildId' | 'commit'>,
): ChangedResult => ({
  project: row.project,
  branch: row.branch,
  host: row.host,
  arch: row.arch,
  variant: row.variant,
  state: 'fixed',
  verdict: 'passed',
  failedStep: null,
  jobId: row.jobId,
  buildId,
  commit,
  at,
  subject: row.endedSubject,
  author: row.endedAuthor,
  message: null,
})

/**
 * The newest cells of problems, joined with their results. Comparisons of rows, instead of `=`, make PostgreSQL use the index
 * that begins with the branch: for a branch without problems, it read all cells of problems in the order of their ids.
 * LIMIT 1 prevents a plan that reads all builds. The attempts of problems have ended. Exported for a test.
 */
export function historyOf(branches: Branches, hostId: number | undefined): Sql {
  const [host, ofHost] = hostId === undefined ? [sql``, sql``] : [sql`member."hostId",`, sql`${hostId}::int,`]
  const key = sql`(member."projectName", member."branch", ${host} member."id")`
  const from = sql`(shown."projectName", shown."branch", ${ofHost} 0)`
  const to = sql`(shown."projectName", shown."branch", ${ofHost} 2147483647)`
  return sql`
    SELECT newest."projectName" AS "project", newest."branch", host."name" AS "host", newest."arch", newest."variant",
           problem."verdict", problem."step" AS "failedStep", newest."jobId", job."buildId", build."commit",
           COALESCE(attempt."finishedAt", newest."sinceAt") AS "at", build."subject", build."author", failure."message",
           CASE WHEN newest."ended" = 'passed' THEN newest."endedAt" END AS "endedAt", newest."endedBuildId",
           passed."commit" AS "endedCommit", passed."subject" AS "endedSubject", passed."author" AS "endedAuthor"
      FROM (SELECT member.* FROM ${shownBranches(branches)}
             CROSS JOIN LATERAL (
               SELECT * FROM "ProblemCell" member WHERE ${key} > ${from} AND ${key} < ${to}
                ORDER BY member."projectName" DESC, member."branch" DESC, ${hostId === undefined ? sql`` : sql`member."hostId" DESC,`}
                         member."id" DESC LIMIT ${constant(cellsOfBranchMax)}) member
             ORDER BY member."id" DESC LIMIT ${constant(cellsMax)}) newest
      JOIN "Host" host ON host."id" = newest."hostId" AND host."removedAt" IS NULL
     CROSS JOIN LATERAL (SELECT "verdict", "step" FROM "Problem" WHERE "id" = newest."problemId" LIMIT 1) problem
     CROSS JOIN LATERAL (SELECT "buildId" FROM "Job" WHERE "id" = newest."jobId" LIMIT 1) job
     CROSS JOIN LATERAL (SELECT "commit", "subject", "author" FROM "Build" WHERE "id" = job."buildId" LIMIT 1) build
      LEFT JOIN LATERAL (SELECT "finishedAt" FROM "FinishedAttempt"
                          WHERE "jobId" = newest."jobId" AND "number" = newest."number" LIMIT 1) attempt ON true
      LEFT JOIN LATERAL (SELECT "message" FROM "Failure"
                          WHERE "jobId" = newest."jobId" AND "number" = newest."number" LIMIT 1) failure ON true
      LEFT JOIN LATERAL (SELECT "commit", "subject", "author" FROM "Build"
                          WHERE "id" = newest."endedBuildId" LIMIT 1) passed ON true`
}

/** An answer of a bisection. */
export interface BisectedChange {
  id: number
  project: string
  branch: string
  host: string
  arch: string
  variant: string
  words: string
  at: Date
}

/** The newest answers of bisections. Other outcomes say only why a search stopped. */
export function bisectedChanges({ db }: Context, branches: Branches, hostId: number | undefined) {
  const ofHost = hostId === undefined ? sql`true` : sql`own."hostId" = ${hostId}`
  return db.query<BisectedChange>`
    SELECT newest."id", newest."projectName" AS "project", newest."branch", host."name" AS "host", newest."arch",
           newest."variant", newest."words", newest."finishedAt" AS "at"
      FROM (SELECT own.* FROM ${shownBranches(branches)}
             CROSS JOIN LATERAL (
               SELECT * FROM "Bisection" own
                WHERE (own."projectName", own."branch", own."id") > (shown."projectName", shown."branch", 0)
                  AND (own."projectName", own."branch", own."id") < (shown."projectName", shown."branch", 2147483647) AND ${ofHost}
                  AND own."outcome" IN ('confirmed', 'range', 'host-changed', 'flaky', 'other-failure', 'noisy')
                ORDER BY own."projectName" DESC, own."branch" DESC, own."id" DESC LIMIT ${constant(bisectionsMax)}) own
             ORDER BY own."id" DESC LIMIT ${constant(bisectionsMax)}) newest
      JOIN "Host" host ON host."id" = newest."hostId" AND host."removedAt" IS NULL
     ORDER BY newest."finishedAt" DESC`
}
