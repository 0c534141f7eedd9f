import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { type Alike, findAlike } from './alike.rule.ts'

/** What the farm found in the log of a failed or timed-out attempt. */
export interface FailureView {
  attempt: string
  jobId: number
  step: string
  exit: number | null
  fingerprint: string
  /** The rule that found the line; `timeout` or `last-lines` if no rule found one. */
  rule: string
  /** The line, and the line in normal form, from which the farm computes the fingerprint. */
  message: string
  text: string
  /** The number of the line in the log, from 1. Null if the farm does not know it. */
  line: number | null
  excerpt: Excerpt
  /** Further errors of the step, at most ten. `errors` counts all errors. */
  others: { line: number; text: string }[]
  errors: number
  /** Whether the host probably caused the failure. */
  fromHost: boolean
  /** The bytes in the middle of a long step that the farm did not search: 0 for most steps. */
  skippedBytes: number
}

/** A line with the lines around it. */
export interface Excerpt {
  /** The number of the first line in the log, from 1. */
  firstLine: number
  lines: string[]
}

/** The failure of an attempt; undefined before the farm has examined its log. */
export async function findFailure({ db }: Context, { jobId, number }: AttemptId): Promise<FailureView | undefined> {
  const [row] = await db.query<Omit<FailureView, 'attempt'>>`
    SELECT "jobId", "step", "exit", "fingerprint", "rule", "message", "text", "line", "excerpt", "others", "errors",
           "fromHost", "skippedBytes"
      FROM "Failure" WHERE "jobId" = ${jobId} AND "number" = ${number}`
  return row && { attempt: attemptName({ jobId, number }), ...row }
}

/** How many hosts of a build failed in the same way. */
export interface FailureSpread {
  /** The number of hosts with this failure, and the names of some of them. */
  hosts: number
  names: string[]
  /** The number of hosts of the build that have a result. */
  of: number
  /** The symbol that the failure quotes; null if it quotes none. */
  symbol: string | null
  /** Some hosts of the build with another message about this symbol. */
  sameSymbol: string[]
}

const namesMax = 20
/** The farm counts at most this many jobs of a build. */
const jobsMax = 10_000

/**
 * "On 3 of 7 hosts": the hosts on which a build has this failure. PostgreSQL stops at the first result of each host, so
 * it reads a sixth of the rows (59 hosts with 776 jobs).
 */
export async function failureSpread(
  { db }: Context,
  { buildId, fingerprint }: { buildId: number; fingerprint: string },
): Promise<FailureSpread> {
  const [row] = await db.query<FailureSpread>`
    SELECT (SELECT count(*)::int FROM (SELECT DISTINCT "hostId" FROM "Failure"
             WHERE "buildId" = ${buildId} AND "fingerprint" = ${fingerprint}) found) AS "hosts",
           ARRAY(SELECT DISTINCT host."name" FROM "Failure" failure JOIN "Host" host ON host."id" = failure."hostId"
                  WHERE failure."buildId" = ${buildId} AND failure."fingerprint" = ${fingerprint}
                  ORDER BY host."name" LIMIT ${namesMax}) AS "names",
           (SELECT count(*)::int
              FROM (SELECT DISTINCT "hostId"
                      FROM (SELECT "hostId" FROM "Job" WHERE "buildId" = ${buildId} LIMIT ${jobsMax}) job) own
             WHERE (SELECT true FROM "Job" job
                     CROSS JOIN LATERAL (SELECT FROM "Attempt" a WHERE a."jobId" = job."id" AND a."state" = 'finished'
                                            AND a."verdict" IN ('passed', 'failed', 'timed-out') LIMIT 1) result
                     WHERE job."buildId" = ${buildId} AND job."hostId" = own."hostId" LIMIT 1)) AS "of",
           own."symbol",
           ARRAY(SELECT DISTINCT host."name" FROM "Failure" failure JOIN "Host" host ON host."id" = failure."hostId"
                  WHERE failure."buildId" = ${buildId} AND failure."symbol" = own."symbol"
                    AND failure."fingerprint" <> ${fingerprint} ORDER BY host."name" LIMIT ${namesMax}) AS "sameSymbol"
      FROM (SELECT (SELECT "symbol" FROM "Failure" WHERE "buildId" = ${buildId} AND "fingerprint" = ${fingerprint}
                     ORDER BY "symbol" LIMIT 1) AS "symbol") own`
  return row ?? { hosts: 0, names: [], of: 0, symbol: null, sameSymbol: [] }
}

/** A build that had a failure. */
export interface SeenIn {
  buildId: number
  /** The first job of this build with the failure. */
  jobId: number
  commit: string
  at: Date
}

/**
 * "Seen before in build 41": the newest build of the project before the build `before` that had this failure. Null if
 * the failure is new.
 */
export async function failureSeenBefore(
  { db }: Context,
  { project, fingerprint, before }: { project: string; fingerprint: string; before: number },
): Promise<SeenIn | null> {
  const [row] = await db.query<SeenIn>`
    SELECT seen."buildId", seen."jobId", build."commit", build."createdAt" AS "at"
      FROM (SELECT "buildId", "jobId" FROM "Failure"
             WHERE "projectName" = ${project} AND "fingerprint" = ${fingerprint} AND "buildId" < ${before}
             ORDER BY "buildId" DESC LIMIT 1) seen
      JOIN "Build" build ON build."id" = seen."buildId"`
  return row ?? null
}

/** The cells of a build that failed in the same way. */
export interface FailureGroup extends Alike {
  fingerprint: string
  step: string
  rule: string
  message: string
  /** The quoted symbol of a cause; null if there is none. */
  symbol: string | null
  fromHost: boolean
  /** The most bytes that the farm skipped in the middle of a long step of one of the jobs. */
  skippedBytes: number
  /** How many jobs and how many hosts of the build have the failure. */
  jobs: number
  hosts: number
  /** Some of the jobs, at most twenty. */
  cells: { jobId: number; host: string; arch: string; variant: string }[]
  /** The first build of the project that had this failure. */
  firstBuildId: number
}

const cellsMax = 20

export interface FailureGroups {
  /** The failure of the most jobs is first. */
  groups: FailureGroup[]
  /** Whether the build has more groups than the limit. */
  more: boolean
}

/** Puts groups with the same symbol beside each other. The order of the first group of each symbol stays. */
function besideSameSymbol(groups: readonly FailureGroup[]) {
  const first = new Map<string, number>()
  for (const [index, { symbol }] of groups.entries())
    if (symbol !== null && !first.has(symbol)) first.set(symbol, index)
  const place = (group: FailureGroup) => first.get(group.symbol ?? '') ?? groups.indexOf(group)
  return (one: FailureGroup, other: FailureGroup) => place(one) - place(other)
}

/** The distinct failures of a build: one group for each fingerprint. */
export async function failuresOfBuild(
  { db }: Context,
  { buildId, limit = 50 }: { buildId: number; limit?: number },
): Promise<FailureGroups> {
  const rows = await db.query<Omit<FailureGroup, keyof Alike> & { text: string }>`
    WITH failure AS MATERIALIZED (
      SELECT DISTINCT ON ("jobId") * FROM "Failure" WHERE "buildId" = ${buildId} ORDER BY "jobId", "number" DESC
    ), grouped AS (
      SELECT "projectName", "fingerprint", min("jobId") AS "first", count(*)::int AS "jobs",
             count(DISTINCT "hostId")::int AS "hosts", bool_or("fromHost") AS "fromHost",
             max("skippedBytes") AS "skippedBytes"
        FROM failure GROUP BY "projectName", "fingerprint" ORDER BY count(*) DESC, min("jobId") LIMIT ${limit + 1}
    )
    SELECT grouped."fingerprint", example."step", example."rule", example."message", example."symbol", example."text", grouped."fromHost", grouped."skippedBytes",
           grouped."jobs", grouped."hosts",
           (SELECT json_agg(cell) FROM (
              SELECT one."jobId", host."name" AS "host", one."arch", one."variant"
                FROM failure one JOIN "Host" host ON host."id" = one."hostId"
               WHERE one."fingerprint" = grouped."fingerprint" ORDER BY one."jobId" LIMIT ${cellsMax}) cell) AS "cells",
           (SELECT "buildId" FROM "Failure" seen
             WHERE seen."projectName" = grouped."projectName" AND seen."fingerprint" = grouped."fingerprint"
             ORDER BY "buildId" LIMIT 1) AS "firstBuildId"
      FROM grouped JOIN failure example ON example."jobId" = grouped."first"
     ORDER BY grouped."jobs" DESC, grouped."first"`
  const shown = rows.slice(0, limit)
  const alike = findAlike(shown)
  const groups = shown.map(({ text: _, ...group }, index) => ({ ...group, ...(alike[index] as Alike) }))
  return { groups: groups.toSorted(besideSameSymbol(groups)), more: rows.length > limit }
}
