import type { OwnerRule, Verdict } from '@rumpfarm/contracts'
import type { Statements } from '../db/client.ts'
import { ofBranch } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { CellState } from '../matrix/cell.rule.ts'
import { type CellResult, type RateJump, rateJump } from './rate.rule.ts'
import type { Noise } from './state.rule.ts'

/** A failing cell with its range (last good, failing since], and the failure at the start of its series. */
export interface FailingCell {
  projectName: string
  branch: string
  hostId: number
  host: string
  hostRemoved: boolean
  rules: OwnerRule[]
  arch: string
  variant: string
  state: CellState
  expectedMs: number | null
  goodCommit: string
  badCommit: string
  /** The positions of the two commits in the branch's history. */
  goodPosition: number
  badPosition: number
  badJobId: number
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  symbol: string | null
  message: string | null
}

/** The cells have at most one row each; a branch has at most hosts × arches × variants cells. */
const cellsMax = 500

/** The failing cells for which the condition on `cell` is true. A cell without a last good commit is no regression. */
export const failingCells = (db: Statements, where: Sql) => db.query<FailingCell>`
  SELECT cell."projectName", cell."branch", cell."hostId", host."name" AS "host", host."removedAt" IS NOT NULL AS "hostRemoved",
         host."rules", cell."arch", cell."variant", cell."state", cell."expectedMs", cell."lastGoodCommit" AS "goodCommit",
         cell."sinceCommit" AS "badCommit", good."position" AS "goodPosition", bad."position" AS "badPosition",
         cell."sinceJobId" AS "badJobId", a."verdict", a."failedStep", a."fingerprint", failure."symbol", failure."message"
    FROM "Cell" cell
    JOIN "Host" host ON host."id" = cell."hostId"
    JOIN "BranchCommit" good ON good."projectName" = cell."projectName" AND good."branch" = cell."branch"
         AND good."commit" = cell."lastGoodCommit"
    JOIN "BranchCommit" bad ON bad."projectName" = cell."projectName" AND bad."branch" = cell."branch"
         AND bad."commit" = cell."sinceCommit"
    JOIN LATERAL (SELECT * FROM "Attempt" WHERE "jobId" = cell."sinceJobId" AND "verdict" IN ('failed', 'timed-out')
                     AND "purpose" <> 'probe' ORDER BY "number" DESC LIMIT 1) a ON true
    LEFT JOIN "Failure" failure ON failure."jobId" = a."jobId" AND failure."number" = a."number"
   WHERE cell."verdict" IN ('failed', 'timed-out') AND ${where}
   ORDER BY cell."hostId", cell."arch", cell."variant" LIMIT ${cellsMax}`

/** The other failing cells of the branch with the same failure and an overlapping range. The failure has a fingerprint. */
export const cellsLike = (db: Statements, { projectName, branch, fingerprint, ...cell }: FailingCell) =>
  fingerprint === null
    ? Promise.resolve([])
    : failingCells(
        db,
        sql`cell."projectName" = ${projectName} AND cell."branch" = ${branch} AND cell."fingerprint" = ${fingerprint}
            AND a."fingerprint" = ${fingerprint} AND host."removedAt" IS NULL AND good."position" < ${cell.badPosition} AND bad."position" > ${cell.goodPosition}
            AND (cell."hostId", cell."arch", cell."variant") <> (${cell.hostId}, ${cell.arch}, ${cell.variant})`,
      )

/** The results of good commits before the range: the newest ones. */
const noiseRunsMax = 100
const noiseCommitsMax = 200

/**
 * How often good commits failed with this failure on this cell. A commit is good if it passed at least once, at or
 * before the last good commit.
 */
export async function measureNoise(db: Statements, cell: FailingCell): Promise<Noise> {
  const [noise] = await db.query<Noise>`
    WITH results AS (
      SELECT held."commit", ended.* FROM (
          SELECT "commit", "position" FROM "BranchCommit" WHERE "projectName" = ${cell.projectName} AND "branch" = ${cell.branch}
             AND "position" <= ${cell.goodPosition} ORDER BY "position" DESC LIMIT ${noiseCommitsMax}) held
       CROSS JOIN LATERAL (
         SELECT a."verdict", a."failedStep", a."fingerprint"
           FROM "Build" build JOIN "Job" job ON job."buildId" = build."id" JOIN "Attempt" a ON a."jobId" = job."id"
          WHERE build."projectName" = ${cell.projectName} AND build."commit" = held."commit" AND ${ofBranch} AND job."hostId" = ${cell.hostId}
            AND job."arch" = ${cell.arch} AND job."variant" = ${cell.variant} AND a."state" = 'finished'
            AND a."verdict" IN ('passed', 'failed', 'timed-out') ORDER BY a."finishedAt" DESC LIMIT 20) ended
       ORDER BY held."position" DESC LIMIT ${noiseRunsMax}
    ), good AS (SELECT *, bool_or("verdict" = 'passed') OVER (PARTITION BY "commit") AS "passed" FROM results)
    SELECT count(*)::int AS "runs",
           (count(*) FILTER (WHERE "verdict" <> 'passed' AND "failedStep" IS NOT DISTINCT FROM ${cell.failedStep}
              AND (${cell.fingerprint}::text IS NULL OR "fingerprint" = ${cell.fingerprint})))::int AS "failed"
      FROM good WHERE "passed"`
  return noise ?? { runs: 0, failed: 0 }
}

/** A flaky cell with the range in which its failure began, and the share of runs in which the failure occurs. */
export interface FlakyCell {
  cell: FailingCell
  failureRate: number
}

type ResultRow = Omit<CellResult, 'failed'> & {
  jobId: number
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  symbol: string | null
  message: string | null
}

/** A flaky cell whose newest failure occurs since a commit before which it did not occur. */
export async function findFlakyCell(db: Statements, key: CellKey): Promise<FlakyCell | undefined> {
  const [cell] = await db.query<Omit<FailingCell, keyof Searched>>`
    SELECT cell."projectName", cell."branch", cell."hostId", host."name" AS "host", host."removedAt" IS NOT NULL AS "hostRemoved",
           host."rules", cell."arch", cell."variant", cell."state", cell."expectedMs"
      FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId"
     WHERE cell."projectName" = ${key.projectName} AND cell."branch" = ${key.branch} AND host."name" = ${key.host}
       AND cell."arch" = ${key.arch} AND cell."variant" = ${key.variant} AND (cell."state" = 'flaky' OR cell."flaky")`
  if (!cell) return undefined
  const results = await resultsOfCell(db, cell)
  const failure = results.find(({ verdict }) => verdict !== 'passed')
  if (!failure) return undefined
  const isSame = (row: ResultRow) =>
    row.verdict !== 'passed' && row.failedStep === failure.failedStep && row.fingerprint === failure.fingerprint
  const clear = results.filter(row => row.verdict === 'passed' || isSame(row))
  const jump = rateJump(clear.map(row => ({ position: row.position, commit: row.commit, failed: isSame(row) })))
  return jump && { cell: { ...cell, ...searched(failure, jump) }, failureRate: jump.rate }
}

export interface CellKey {
  projectName: string
  branch: string
  host: string
  arch: string
  variant: string
}

type Searched = Pick<
  FailingCell,
  | 'goodCommit'
  | 'badCommit'
  | 'goodPosition'
  | 'badPosition'
  | 'badJobId'
  | 'verdict'
  | 'failedStep'
  | 'fingerprint'
  | 'symbol'
  | 'message'
>

const searched = (failure: ResultRow, { good, bad }: RateJump): Searched => ({
  goodCommit: good.commit,
  goodPosition: good.position,
  badCommit: bad.commit,
  badPosition: bad.position,
  badJobId: failure.jobId,
  verdict: failure.verdict,
  failedStep: failure.failedStep,
  fingerprint: failure.fingerprint,
  symbol: failure.symbol,
  message: failure.message,
})

/** The newest results of a cell on the commits of its branch, newest commit first. */
const resultsOfCell = (
  db: Statements,
  cell: Pick<FailingCell, 'projectName' | 'branch' | 'hostId' | 'arch' | 'variant'>,
) =>
  db.query<ResultRow>`
    SELECT held."position", held."commit", ended.* FROM (
        SELECT "commit", "position" FROM "BranchCommit" WHERE "projectName" = ${cell.projectName} AND "branch" = ${cell.branch}
         ORDER BY "position" DESC LIMIT ${noiseCommitsMax}) held
     CROSS JOIN LATERAL (
       SELECT a."jobId", a."verdict", a."failedStep", a."fingerprint", failure."symbol", failure."message"
         FROM "Build" build JOIN "Job" job ON job."buildId" = build."id" JOIN "Attempt" a ON a."jobId" = job."id"
         LEFT JOIN "Failure" failure ON failure."jobId" = a."jobId" AND failure."number" = a."number"
        WHERE build."projectName" = ${cell.projectName} AND build."commit" = held."commit" AND ${ofBranch} AND job."hostId" = ${cell.hostId}
          AND job."arch" = ${cell.arch} AND job."variant" = ${cell.variant} AND a."state" = 'finished' AND a."purpose" <> 'probe'
          AND a."verdict" IN ('passed', 'failed', 'timed-out') ORDER BY a."finishedAt" DESC LIMIT 20) ended
     ORDER BY held."position" DESC LIMIT ${noiseRunsMax}`
