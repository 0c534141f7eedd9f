import { attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { isActive, ofBranch } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { ProjectBranches } from './branch-queries.ts'
import { cellKey } from './matrix.rule.ts'
import type { ActiveAttempt } from './matrix-cell.rule.ts'

export type Branches = ReadonlyMap<string, ProjectBranches>

/** The shown branch of each project, as a table of two columns. */
export const shownBranches = (branches: Branches) => sql`
  unnest(${[...branches.keys()]}::text[], ${[...branches.values()].map(({ shown }) => shown)}::text[])
    AS shown("projectName", "branch")`

interface ActiveRow {
  jobId: number
  number: number
  buildId: number
  projectName: string
  host: string
  arch: string
  variant: string
  state: ActiveAttempt['state']
  step: string | null
  since: Date
}

/** The matrix looks at the jobs that run, and at this many of the newest jobs that wait. */
export const openMax = 20_000

/** The primary key has the order of the attempts, so the cost does not grow with the number of waiting jobs. */
export const openOfMatrix = (limit = openMax): Sql => sql`
  SELECT * FROM "OpenAttempt" WHERE ${isActive}
   UNION ALL
  SELECT * FROM (SELECT * FROM "OpenAttempt" ORDER BY "jobId" DESC LIMIT ${limit}) newest
   WHERE NOT ${isActive}`

/**
 * The newest active attempt of each cell, of a commit that the cell's branch contains. A running attempt has priority
 * over a waiting attempt. MATERIALIZED, the array and OFFSET 0 make PostgreSQL begin with the active attempts and read their
 * jobs in one pass over the index: otherwise it read all jobs of the branches, a million in the bench.
 * Each attempt has a job; with LEFT JOIN, PostgreSQL estimates that it finds all of them. The rows
 * to sort are narrow and begin with a number, because there can be thousands of them.
 */
export async function activeAttempts({ db }: Context, branches: Branches): Promise<Map<string, ActiveAttempt>> {
  const rows = await db.query<ActiveRow>`
    WITH open AS MATERIALIZED (
      SELECT "jobId", "number", "state", COALESCE("startedAt", "leasedAt", "queuedAt") AS "since",
             CASE WHEN "state" = 'running' THEN jsonb_array_length("steps") END AS "stepsEnded"
        FROM (${openOfMatrix()}) open
    ), job AS MATERIALIZED (
      SELECT "id", "buildId", "hostId", "arch", "variant"
        FROM "Job" WHERE "id" = ANY (ARRAY(SELECT "jobId" FROM open)) OFFSET 0
    ), build AS MATERIALIZED (
      SELECT build."id", build."projectName", held."position"
        FROM (SELECT DISTINCT "buildId" FROM job) used
        JOIN "Build" build ON build."id" = used."buildId" AND ${ofBranch}
        JOIN ${shownBranches(branches)} ON shown."projectName" = build."projectName"
        JOIN "BranchCommit" held ON held."projectName" = build."projectName" AND held."commit" = build."commit"
             AND held."branch" = shown."branch"
    ), newest AS MATERIALIZED (
      SELECT DISTINCT ON (job."hostId", job."arch", build."projectName", job."variant")
             open.*, build."id" AS "buildId", build."projectName", job."hostId", job."arch", job."variant"
        FROM open LEFT JOIN job ON job."id" = open."jobId" JOIN build ON build."id" = job."buildId"
       ORDER BY job."hostId", job."arch", build."projectName", job."variant",
                open."state" IN ('leased', 'running') DESC, build."position" DESC, build."id" DESC
    )
    SELECT a."jobId", a."number", a."buildId", a."projectName", host."name" AS "host", a."arch", a."variant", a."state",
           a."since", CASE WHEN a."state" = 'running' THEN (
             SELECT recipe."body"->'steps'->a."stepsEnded"->>'name'
               FROM "Job" JOIN "Recipe" recipe ON recipe."hash" = "Job"."recipeHash" WHERE "Job"."id" = a."jobId") END AS "step"
      FROM newest a JOIN "Host" host ON host."id" = a."hostId"`
  return new Map(
    rows.map(({ number, projectName, host, arch, variant, jobId, buildId, state, step, since }) => [
      cellKey(projectName, host, arch, variant),
      { jobId, attempt: attemptName({ jobId, number }), buildId, state, step, since },
    ]),
  )
}
