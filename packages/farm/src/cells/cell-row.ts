import { attemptName, type Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import type { CellState } from '../matrix/cell.rule.ts'
import type { CellKey } from '../matrix/cell-results.ts'
import type { Flakiness } from '../matrix/flakiness.rule.ts'
import type { CellRecord, Milestone } from '../matrix/matrix-cell.rule.ts'

/** The columns of a cell that `recordOf` reads. */
export interface CellRow extends Flakiness {
  jobId: number
  number: number
  buildId: number
  commit: string
  position: number | null
  verdict: Verdict
  failedStep: string | null
  finishedAt: Date
  state: CellState
  fingerprint: string | null
  message: string | null
  expectedMs: number | null
  sinceBuildId: number
  sinceJobId: number
  sinceCommit: string
  sinceAt: Date
  changedBuildId: number
  changedCommit: string
  changedAt: Date
  lastGoodBuildId: number | null
  lastGoodJobId: number | null
  lastGoodCommit: string | null
  lastGoodAt: Date | null
}

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

export function recordOf(row: CellRow): CellRecord {
  const { jobId, number, buildId, commit, position, verdict, failedStep, finishedAt, state } = row
  const { fingerprint, message, expectedMs, flaky, results, changes } = row
  return {
    jobId,
    attempt: attemptName({ jobId, number }),
    state,
    fingerprint,
    message,
    flakiness: { flaky, results, changes },
    expectedMs,
    buildId,
    commit,
    position,
    verdict,
    failedStep,
    finishedAt,
    since: { buildId: row.sinceBuildId, jobId: row.sinceJobId, commit: row.sinceCommit, at: row.sinceAt },
    changed: changedOf(row),
    lastGood: lastGoodOf(row),
  }
}

const changedOf = ({ changedBuildId, sinceBuildId, changedCommit, changedAt }: CellRow): Milestone | null =>
  changedBuildId === sinceBuildId
    ? null
    : { buildId: changedBuildId, jobId: null, commit: changedCommit, at: changedAt }

type LastGood = Pick<CellRow, 'lastGoodBuildId' | 'lastGoodJobId' | 'lastGoodCommit' | 'lastGoodAt'>

export const lastGoodOf = (row: LastGood): Milestone | null =>
  row.lastGoodBuildId === null || row.lastGoodCommit === null || row.lastGoodAt === null
    ? null
    : { buildId: row.lastGoodBuildId, jobId: row.lastGoodJobId, commit: row.lastGoodCommit, at: row.lastGoodAt }
