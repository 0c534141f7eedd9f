import type { Verdict } from '@rumpfarm/contracts'
import { ofBranch } from '../db/fragments.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import type { CellAttempt, StoredCell } from './cell.rule.ts'

/** A cell whose results changed. A null branch means the cells of all branches that contain the commit. */
export interface ChangedCell {
  projectName: string
  commit: string
  branch: string | null
  hostId: number
  arch: string
  variant: string
}

/**
 * The farm derives a cell from at most this many of the cell's newest results. The stored cell has older milestones.
 */
export const attemptsMax = 50
/** For the newest results of a cell, the farm searches at most this many built commits of the branch. */
const commitsMax = 1000
/**
 * A result of a commit counts for at most this many of the branches that contain the commit. The farm chooses the
 * branches with the newest pushes.
 */
const branchesMax = 100
/** `without-result`: an attempt ended without a result, so only cells without a result can change. */
export type Which = 'all' | 'without-result'

export interface CellKey {
  projectName: string
  branch: string
  hostId: number
  arch: string
  variant: string
}

export const keyOf = ({ projectName, branch, hostId, arch, variant }: CellKey): CellKey => ({
  projectName,
  branch,
  hostId,
  arch,
  variant,
})

export const nameOf = ({ projectName, branch, hostId, arch, variant }: CellKey) =>
  [projectName, branch, hostId, arch, variant].join('\n')

export interface StoredMilestone {
  buildId: number
  /** Null only for `changed`, which stores no job. */
  jobId: number | null
  commit: string
  at: Date
}

export interface MilestoneColumns {
  sinceJobId: number
  lastGoodJobId: number | null
  sinceBuildId: number
  sinceCommit: string
  sinceAt: Date
  changedBuildId: number
  changedCommit: string
  changedAt: Date
  lastGoodBuildId: number | null
  lastGoodCommit: string | null
  lastGoodAt: Date | null
}

interface StoredRow extends MilestoneColumns {
  storedVerdict: Verdict | null
  storedStep: string | null
  storedFingerprint: string | null
  /** Whether the branch still contains the stored cell's commit. */
  inBranch: boolean | null
}

/** An attempt in the query's JSON. The query returns one row for each cell. The row has all attempts of the cell. */
type JsonAttempt = Omit<CellAttempt, 'finishedAt'> & { finishedAt: string }

export type ResultRow = CellKey &
  StoredRow & {
    attempts: JsonAttempt[]
    confirm: number | null
    /** The open problem of the cell. */
    problemId: number | null
  }

const results = sql`('passed', 'failed', 'timed-out')`

/**
 * The ended attempts of a key, newest commit first, without the probes of bisections. PostgreSQL runs a nested loop that
 * stops at the limit. `LIMIT 1`, and `"verdict" IS NOT NULL` for finished attempts, prevent another plan: without
 * statistics, PostgreSQL read all finished attempts once for each commit (270 ms for 29 commits).
 */
export const attemptsOf = (verdicts: Sql, limit: number) => sql`
  SELECT held."position", held."commit", ended.*
    FROM (SELECT "commit", "position" FROM "BranchCommit"
           WHERE "projectName" = key."projectName" AND "branch" = key."branch"
           ORDER BY "position" DESC LIMIT ${constant(commitsMax)}) held
   CROSS JOIN LATERAL (
     SELECT job."buildId", job."id" AS "jobId", a."number", job."recipeHash" AS "recipe", a."verdict", a."failedStep",
            a."fingerprint", a."finishedAt", (extract(epoch FROM a."finishedAt" - COALESCE(a."startedAt", a."leasedAt")) * 1000)::int AS "milliseconds"
       FROM "Build" build
      CROSS JOIN LATERAL (SELECT "id", "buildId", "recipeHash" FROM "Job"
                           WHERE "buildId" = build."id" AND "hostId" = key."hostId" AND "arch" = key."arch"
                             AND "variant" = key."variant" LIMIT 1) job
       JOIN "Attempt" a ON a."jobId" = job."id"
      WHERE build."projectName" = key."projectName" AND build."commit" = held."commit"
        AND ${ofBranch} AND (build."reason" NOT LIKE 'branch %' OR build."branch" = key."branch")
        AND a."verdict" IS NOT NULL AND a."purpose" <> 'probe' AND ${verdicts}
      ORDER BY a."finishedAt" DESC LIMIT 20) ended
   ORDER BY held."position" DESC LIMIT ${constant(limit)}`

/**
 * PostgreSQL's planner knows the number of rows of arrays. For a function on JSON it assumes a hundred rows. Most calls have
 * one cell, which VALUES says also in a plan for all values: PostgreSQL makes such a plan only once for a connection.
 */
const columnsOf = (changed: readonly ChangedCell[]) => {
  const [first, ...more] = changed
  if (first && more.length === 0)
    return sql`(VALUES (${first.projectName}::text, ${first.commit}::text, ${first.branch}::text, ${first.hostId}::int,
                        ${first.arch}::text, ${first.variant}::text))`
  return sql`
  unnest(${changed.map(cell => cell.projectName)}::text[], ${changed.map(cell => cell.commit)}::text[],
         ${changed.map(cell => cell.branch)}::text[], ${changed.map(cell => cell.hostId)}::int[],
         ${changed.map(cell => cell.arch)}::text[], ${changed.map(cell => cell.variant)}::text[])`
}

export const readResults = (tx: Tx, changed: readonly ChangedCell[], which: Which) => tx.query<ResultRow>`
  WITH changed AS (
    SELECT DISTINCT * FROM ${columnsOf(changed)} AS changed("projectName", "commit", "branch", "hostId", "arch", "variant")
  ), key AS (
    SELECT DISTINCT "projectName", target."branch", "hostId", "arch", "variant"
      FROM changed CROSS JOIN LATERAL (
        SELECT changed."branch" WHERE changed."branch" IS NOT NULL
        UNION ALL (
          SELECT held."branch" FROM "BranchCommit" held
            JOIN "Branch" branch ON branch."projectName" = held."projectName" AND branch."name" = held."branch"
           WHERE changed."branch" IS NULL AND branch."removedAt" IS NULL AND held."projectName" = changed."projectName" AND held."commit" = changed."commit"
           ORDER BY branch."pushedAt" DESC LIMIT ${constant(branchesMax)})) target
  )
  SELECT key.*, cell."verdict" AS "storedVerdict", cell."failedStep" AS "storedStep", cell."fingerprint" AS "storedFingerprint",
         cell."sinceJobId", cell."lastGoodJobId", cell."sinceBuildId", cell."sinceCommit", cell."sinceAt", cell."changedBuildId", cell."changedCommit", cell."changedAt",
         cell."lastGoodBuildId", cell."lastGoodCommit", cell."lastGoodAt",
         (SELECT COALESCE(json_agg(found), '[]')
            FROM (${attemptsOf(sql`a."verdict" IN ${results}`, attemptsMax)}) found) AS "attempts",
         (SELECT true FROM "BranchCommit" held WHERE held."projectName" = key."projectName"
             AND held."commit" = cell."commit" AND held."branch" = key."branch" LIMIT 1) AS "inBranch", -- EXISTS would read the whole table
         (SELECT ("config" ->> 'confirm')::int FROM "Project" WHERE "name" = key."projectName") AS "confirm",
         (SELECT "problemId" FROM "ProblemCell" member
           WHERE member."projectName" = key."projectName" AND member."branch" = key."branch" AND member."hostId" = key."hostId"
             AND member."arch" = key."arch" AND member."variant" = key."variant" AND member."endedAt" IS NULL LIMIT 1) AS "problemId"
    FROM key LEFT JOIN "Cell" cell ON cell."projectName" = key."projectName" AND cell."branch" = key."branch"
         AND cell."hostId" = key."hostId" AND cell."arch" = key."arch" AND cell."variant" = key."variant"
   WHERE ${which === 'all' ? sql`true` : sql`(cell."verdict" IS NULL OR cell."verdict" NOT IN ${results})`}`

export type EndRow = CellKey & CellAttempt

/** For each key without a result: its newest ended attempt. */
export const readNewestEnds = (tx: Tx, keys: readonly CellKey[]) => tx.query<EndRow>`
  SELECT key.*, found.*
    FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
      AS key("projectName" text, "branch" text, "hostId" int, "arch" text, "variant" text)
   CROSS JOIN LATERAL (${attemptsOf(sql`a."verdict" NOT IN ${results}`, 1)}) found`

export function storedOf(row: ResultRow): StoredCell<StoredMilestone> | null {
  if (row.storedVerdict === null) return null
  const { lastGoodBuildId, lastGoodJobId, lastGoodCommit, lastGoodAt } = row
  return {
    verdict: row.storedVerdict,
    failedStep: row.storedStep,
    fingerprint: row.storedFingerprint,
    since: { buildId: row.sinceBuildId, jobId: row.sinceJobId, commit: row.sinceCommit, at: row.sinceAt },
    changed: { buildId: row.changedBuildId, jobId: null, commit: row.changedCommit, at: row.changedAt },
    lastGood:
      lastGoodBuildId === null || lastGoodCommit === null || lastGoodAt === null
        ? null
        : { buildId: lastGoodBuildId, jobId: lastGoodJobId, commit: lastGoodCommit, at: lastGoodAt },
  }
}
