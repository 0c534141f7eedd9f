// Pieces of SQL that several statements share. In them `a` is an attempt, `job` is its job, and `build` is its build.
import { sql } from './sql.ts'

/** A host holds the attempt. The index `one_attempt_per_slot` has the condition on the slot. */
export const isActive = sql`("slot" IS NOT NULL AND "state" IN ('leased', 'running'))`
/** No host has claimed the attempt yet. */
export const isUnclaimed = sql`"state" IN ('waiting', 'queued')`
/** A host can claim the row of "OpenAttempt". The index `claimable_attempts` has the conditions without the state. */
export const isQueued = sql`("slot" IS NULL AND "hasSources" AND "state" = 'queued')`

/**
 * The newest attempt of the row `job`, open or ended. Because of the condition on the status, PostgreSQL does not look for
 * open attempts of ended jobs: if few attempts are open, it would read all of them for each job.
 */
export const newestAttempt = sql`LATERAL (
  SELECT * FROM "Attempt" WHERE "jobId" = job."id" AND ("verdict" IS NULL) = (job."status" = 'open')
   ORDER BY "number" DESC LIMIT 1)`

/** Joins the attempt `a` with its job and build. */
export const joinJobAndBuild = sql`JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"`
export const joinRecipe = sql`JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"`

/** The results of the build count for a branch: for its cells, its history, its problems and its bisections. */
export const ofBranch = sql`build."kind" = 'branch'`

/** The branch whose push planned the job. Several branches can have pushes of the same commit. Null if the build has another kind. */
export const branchOfJob = sql`COALESCE(job."branch", build."branch")`
