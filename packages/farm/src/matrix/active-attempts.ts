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
 * Each attempt has a job; with LEFT JOIN, PostgreSQL estimates that it finds all of them.
 */
export async function activeAttempts({ db }: Context, branches: Branches): Promise<Map<string, ActiveAttempt>> {
  const rows = await db.query<ActiveRow>`
    WITH open AS MATERIALIZED (
      SELECT "jobId", "number", "state", "startedAt", "leasedAt", "queuedAt", "steps"
        FROM "Attempt" WHERE "state" <> 'finished'
    ), job AS MATERIALIZED (
      SELECT "id", "buildId", "hostId", "arch", "variant", "recipeHash"
        FROM "Job" WHERE "id" = ANY (ARRAY(SELECT "jobId" FROM open)) OFFSET 0
    ), active AS MATERIALIZED (
      SELECT open.*, job."buildId", job."hostId", job."arch", job."variant", job."recipeHash"
        FROM open LEFT JOIN job ON job."id" = open."jobId"
    )
    SELECT DISTINCT ON (build."projectName", a."hostId", a."arch", a."variant")
           a."jobId", a."number", a."buildId", build."projectName", host."name" AS "host", a."arch", a."variant", a."state",
           COALESCE(a."startedAt", a."leasedAt", a."queuedAt") AS "since",
           CASE WHEN a."state" = 'running' THEN recipe."body"->'steps'->jsonb_array_length(a."steps")->>'name' END AS "step"
      FROM active a JOIN "Build" build ON build."id" = a."buildId"
      JOIN "Host" host ON host."id" = a."hostId" JOIN "Recipe" recipe ON recipe."hash" = a."recipeHash"
      JOIN "BranchCommit" branch_commit ON branch_commit."projectName" = build."projectName"
           AND branch_commit."commit" = build."commit"
      JOIN ${shownBranches(branches)} ON shown."projectName" = branch_commit."projectName"
           AND shown."branch" = branch_commit."branch"
     ORDER BY build."projectName", a."hostId", a."arch", a."variant",
              a."state" IN ('leased', 'running') DESC, branch_commit."position" DESC, a."buildId" DESC`
  return new Map(
    rows.map(({ number, projectName, host, arch, variant, jobId, buildId, state, step, since }) => [
      cellKey(projectName, host, arch, variant),
      { jobId, attempt: attemptName({ jobId, number }), buildId, state, step, since },
    ]),
  )
}
