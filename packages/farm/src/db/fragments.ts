// Pieces of SQL that several statements share. In them `a` is an attempt, `job` is its job, and `build` is its build.
import { sql } from './sql.ts'

/**
 * The attempt waits for its host. With `"state" = 'queued'`, PostgreSQL also considers the indexes of all open attempts.
 * If its statistics are from a time without open attempts, it expects a scan of such an index to cost nothing, and then
 * each claim reads all open attempts of the farm. This expression only fits the index `claimable_attempts`.
 */
export const isQueued = sql`("state" || '') = 'queued'`
/** A host holds the attempt. For the same reason, this expression only fits `one_attempt_per_slot` and `leased_attempts`. */
export const isActive = sql`("state" || '') IN ('leased', 'running')`
/** No host has claimed the attempt yet. */
export const isUnclaimed = sql`"state" IN ('waiting', 'queued')`
/** The attempt has not ended. Only the newest attempt of a job can be open (index one_open_attempt_per_job). */
export const isOpen = sql`"state" <> 'finished'`

/** The newest attempt of the row `job`. */
export const newestAttempt = sql`LATERAL (SELECT * FROM "Attempt" WHERE "jobId" = job."id" ORDER BY "number" DESC LIMIT 1)`

/** Joins the attempt `a` with its job and build. */
export const joinJobAndBuild = sql`JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"`
export const joinRecipe = sql`JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"`

/** The results of the build count for a branch: for its cells, its history, its problems and its bisections. */
export const ofBranch = sql`build."kind" = 'branch'`

/** The branch whose push planned the job. Several branches can have pushes of the same commit. Null if the build has another kind. */
export const branchOfJob = sql`COALESCE(job."branch", build."branch")`
