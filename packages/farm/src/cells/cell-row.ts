import type { Context } from '../context.ts'
import type { CellRow } from '../matrix/cell-record.ts'
import type { CellKey } from '../matrix/cell-results.ts'

/** The stored cell; undefined if no attempt of the cell has finished. */
export async function findCellRow({ db }: Context, key: CellKey): Promise<CellRow | undefined> {
  const [row] = await db.query<CellRow>`
    SELECT cell.*, held."position",
           (SELECT "message" FROM "Failure" failure
             WHERE failure."jobId" = cell."jobId" AND failure."number" = cell."number"
               AND cell."verdict" IN ('failed', 'timed-out')) AS "message"
      FROM "Cell" cell
      LEFT JOIN "BranchCommit" held ON held."projectName" = cell."projectName" AND held."commit" = cell."commit"
           AND held."branch" = cell."branch"
     WHERE cell."projectName" = ${key.projectName} AND cell."branch" = ${key.branch} AND cell."hostId" = ${key.hostId}
       AND cell."arch" = ${key.arch} AND cell."variant" = ${key.variant}`
  return row
}
