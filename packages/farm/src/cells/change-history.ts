import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
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
  const ofHost = hostId === undefined ? sql`true` : sql`member."hostId" = ${hostId}`
  const rows = await db.query<HistoryRow>`
    SELECT newest."projectName" AS "project", newest."branch", host."name" AS "host", newest."arch", newest."variant",
           problem."verdict", problem."step" AS "failedStep", newest."jobId", job."buildId", build."commit",
           COALESCE(attempt."finishedAt", newest."sinceAt") AS "at", build."subject", build."author", failure."message",
           CASE WHEN newest."ended" = 'passed' THEN newest."endedAt" END AS "endedAt", newest."endedBuildId",
           passed."commit" AS "endedCommit", passed."subject" AS "endedSubject", passed."author" AS "endedAuthor"
      FROM (SELECT member.* FROM ${shownBranches(branches)}
             CROSS JOIN LATERAL (
               SELECT * FROM "ProblemCell" member
                WHERE member."projectName" = shown."projectName" AND member."branch" = shown."branch" AND ${ofHost}
                ORDER BY member."id" DESC LIMIT ${cellsOfBranchMax}) member
             ORDER BY member."id" DESC LIMIT ${cellsMax}) newest
      JOIN "Host" host ON host."id" = newest."hostId" AND host."removedAt" IS NULL
      JOIN "Problem" problem ON problem."id" = newest."problemId"
      JOIN "Job" job ON job."id" = newest."jobId"
      JOIN "Build" build ON build."id" = job."buildId"
      LEFT JOIN "Attempt" attempt ON attempt."jobId" = newest."jobId" AND attempt."number" = newest."number"
      LEFT JOIN "Failure" failure ON failure."jobId" = newest."jobId" AND failure."number" = newest."number"
      LEFT JOIN "Build" passed ON passed."id" = newest."endedBuildId"`
  return rows.flatMap(({ endedAt, endedBuildId, endedCommit, endedSubject, endedAuthor, ...failed }) => [
    { ...failed, state: 'newly-failing' as const },
    ...(endedAt === null || endedBuildId === null || endedCommit === null
      ? []
      : [
          {
            ...failed,
            state: 'fixed' as const,
            verdict: 'passed' as const,
            failedStep: null,
            buildId: endedBuildId,
            commit: endedCommit,
            at: endedAt,
            subject: endedSubject,
            author: endedAuthor,
            message: null,
          },
        ]),
  ])
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
                WHERE own."projectName" = shown."projectName" AND own."branch" = shown."branch" AND ${ofHost}
                  AND own."outcome" IN ('confirmed', 'range', 'host-changed', 'flaky', 'other-failure', 'noisy')
                ORDER BY own."id" DESC LIMIT ${bisectionsMax}) own
             ORDER BY own."id" DESC LIMIT ${bisectionsMax}) newest
      JOIN "Host" host ON host."id" = newest."hostId" AND host."removedAt" IS NULL
     ORDER BY newest."finishedAt" DESC`
}
