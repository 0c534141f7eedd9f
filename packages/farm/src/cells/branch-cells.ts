import type { Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import type { CellState } from '../matrix/cell.rule.ts'
import { type CellRow, lastGoodOf, recordOf } from '../matrix/cell-record.ts'
import type { CellRecord, Milestone } from '../matrix/matrix-cell.rule.ts'

/** The name of a cell in lists, which are sorted by it. */
export interface CellName {
  host: string
  arch: string
  variant: string
}

export interface CellFilter {
  host?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
  state?: CellState | undefined
  /** The cursor: the list has only cells after this one. */
  after?: CellName | undefined
  limit: number
}

interface Branch {
  project: string
  branch: string
}

/** A cell of a branch that has an ended attempt. */
export interface BranchCell extends CellName {
  last: CellRecord
}

/** The cells of a branch, sorted by host, arch and variant. Cells of removed hosts are not in the list. */
export async function branchCells({ db }: Context, of: Branch, filter: CellFilter): Promise<BranchCell[]> {
  const rows = await db.query<CellRow & CellName>`
    SELECT cell.*, host."name" AS "host", held."position",
           (SELECT "message" FROM "Failure" failure
             WHERE failure."jobId" = cell."jobId" AND failure."number" = cell."number"
               AND cell."verdict" IN ('failed', 'timed-out')) AS "message"
      FROM (${pageOfCells(of, filter)}) page
      JOIN "Cell" cell ON cell."projectName" = ${of.project} AND cell."branch" = ${of.branch}
           AND cell."hostId" = page."hostId" AND cell."arch" = page."arch" AND cell."variant" = page."variant"
      JOIN "Host" host ON host."id" = cell."hostId"
      LEFT JOIN "BranchCommit" held ON held."projectName" = cell."projectName" AND held."commit" = cell."commit"
           AND held."branch" = cell."branch"
     ORDER BY host."name", cell."arch", cell."variant"`
  return rows.map(row => ({ host: row.host, arch: row.arch, variant: row.variant, last: recordOf(row) }))
}

/** The keys of one page. The number of cells of a branch does not grow with the history. */
const pageOfCells = ({ project, branch }: Branch, filter: CellFilter): Sql => sql`
  SELECT cell."hostId", cell."arch", cell."variant" FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId"
   WHERE cell."projectName" = ${project} AND cell."branch" = ${branch} AND host."removedAt" IS NULL
     AND ${join(conditions(filter), ' AND ')}
   ORDER BY host."name", cell."arch", cell."variant" LIMIT ${filter.limit}`

function conditions({ host, arch, variant, state, after }: CellFilter): Sql[] {
  const wanted = [sql`true`]
  if (host !== undefined) wanted.push(sql`host."name" = ${host}`)
  if (arch !== undefined) wanted.push(sql`cell."arch" = ${arch}`)
  if (variant !== undefined) wanted.push(sql`cell."variant" = ${variant}`)
  if (state !== undefined) wanted.push(sql`cell."state" = ${state}`)
  if (after !== undefined)
    wanted.push(
      sql`(host."name", cell."arch", cell."variant") > (${after.host}::text, ${after.arch}::text, ${after.variant}::text)`,
    )
  return wanted
}

/** The newest commit that passed in a cell. */
export interface LastGoodCell extends CellName {
  /** Null if no commit of the branch has passed here. */
  lastGood: Milestone | null
  verdict: Verdict
  state: CellState
  /** The newest job with a result. */
  jobId: number
  /** How many commits of the branch are newer than the last good commit. Null if the branch no longer has it. */
  behind: number | null
}

type LastGoodRow = CellName &
  Pick<
    CellRow,
    'lastGoodBuildId' | 'lastGoodJobId' | 'lastGoodCommit' | 'lastGoodAt' | 'verdict' | 'state' | 'jobId'
  > & {
    position: number | null
    tip: number | null
  }

/** The last good commit of each cell of a branch, sorted by host, arch and variant. */
export async function lastGoodCells({ db }: Context, of: Branch, filter: CellFilter): Promise<LastGoodCell[]> {
  const { project, branch } = of
  const rows = await db.query<LastGoodRow>`
    SELECT host."name" AS "host", cell."arch", cell."variant", cell."verdict", cell."state", cell."jobId",
           cell."lastGoodBuildId", cell."lastGoodJobId", cell."lastGoodCommit", cell."lastGoodAt", held."position",
           (SELECT "position" FROM "BranchCommit" WHERE "projectName" = ${project} AND "branch" = ${branch}
             ORDER BY "position" DESC LIMIT 1) AS "tip"
      FROM (${pageOfCells(of, filter)}) page
      JOIN "Cell" cell ON cell."projectName" = ${project} AND cell."branch" = ${branch}
           AND cell."hostId" = page."hostId" AND cell."arch" = page."arch" AND cell."variant" = page."variant"
      JOIN "Host" host ON host."id" = cell."hostId"
      LEFT JOIN "BranchCommit" held ON held."projectName" = ${project} AND held."commit" = cell."lastGoodCommit"
           AND held."branch" = ${branch}
     ORDER BY host."name", cell."arch", cell."variant"`
  return rows.map(row => ({
    host: row.host,
    arch: row.arch,
    variant: row.variant,
    verdict: row.verdict,
    state: row.state,
    jobId: row.jobId,
    ...positionOf(row),
  }))
}

function positionOf(row: LastGoodRow): Pick<LastGoodCell, 'lastGood' | 'behind'> {
  const behind = row.tip !== null && row.position !== null ? row.tip - row.position : null
  return { lastGood: lastGoodOf(row), behind }
}
