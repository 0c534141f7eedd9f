import { attemptName } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
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

/**
 * The newest active attempt of each cell, of a commit that the cell's branch contains. A running attempt has priority
 * over a waiting attempt. MATERIALIZED, the array and OFFSET 0 make PostgreSQL begin with the active attempts and read their
 * jobs in one pass over the index: otherwise it read all jobs of the branches, a million in the bench.
 * Each attempt has a job; with LEFT JOIN, PostgreSQL estimates that it finds all of them. Only the attempts of the result
 * are read whole: at the start of a build, most active attempts wait for another branch, or are not the newest.
 */
export async function activeAttempts({ db }: Context, branches: Branches): Promise<Map<string, ActiveAttempt>> {
  const rows = await db.query<ActiveRow>`
    WITH open AS MATERIALIZED (
      SELECT "jobId", "number", "state" FROM "Attempt" WHERE "state" <> 'finished'
    ), job AS MATERIALIZED (
      SELECT "id", "buildId", "hostId", "arch", "variant"
        FROM "Job" WHERE "id" = ANY (ARRAY(SELECT "jobId" FROM open)) OFFSET 0
    ), build AS MATERIALIZED (
      SELECT build."id", build."projectName", held."position"
        FROM (SELECT DISTINCT "buildId" FROM job) used
        JOIN "Build" build ON build."id" = used."buildId"
        JOIN ${shownBranches(branches)} ON shown."projectName" = build."projectName"
        JOIN "BranchCommit" held ON held."projectName" = build."projectName" AND held."commit" = build."commit"
             AND held."branch" = shown."branch"
    ), newest AS MATERIALIZED (
      SELECT DISTINCT ON (build."projectName", job."hostId", job."arch", job."variant")
             open."jobId", open."number", build."id" AS "buildId", build."projectName", job."hostId", job."arch", job."variant"
        FROM open LEFT JOIN job ON job."id" = open."jobId" JOIN build ON build."id" = job."buildId"
       ORDER BY build."projectName", job."hostId", job."arch", job."variant",
                open."state" IN ('leased', 'running') DESC, build."position" DESC, build."id" DESC
    )
    SELECT a."jobId", a."number", newest."buildId", newest."projectName", host."name" AS "host", newest."arch",
           newest."variant", a."state", COALESCE(a."startedAt", a."leasedAt", a."queuedAt") AS "since",
           CASE WHEN a."state" = 'running' THEN (
             SELECT recipe."body"->'steps'->jsonb_array_length(a."steps")->>'name'
               FROM "Job" JOIN "Recipe" recipe ON recipe."hash" = "Job"."recipeHash" WHERE "Job"."id" = a."jobId") END AS "step"
      FROM newest JOIN "Host" host ON host."id" = newest."hostId"
      JOIN "Attempt" a ON a."jobId" = newest."jobId" AND a."number" = newest."number"`
  return new Map(
    rows.map(({ number, projectName, host, arch, variant, jobId, buildId, state, step, since }) => [
      cellKey(projectName, host, arch, variant),
      { jobId, attempt: attemptName({ jobId, number }), buildId, state, step, since },
    ]),
  )
}
