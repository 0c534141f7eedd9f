import { confirmDefault } from '@rumpfarm/contracts'
import { raw, type Sql, sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import { dropProblemCells, recordProblems } from '../notifications/problems.ts'
import { type CellAttempt, type CellState, completeStanding, deriveCell, isResult } from './cell.rule.ts'
import {
  attemptsMax,
  type CellKey,
  type ChangedCell,
  type EndRow,
  keyOf,
  type MilestoneColumns,
  nameOf,
  type ResultRow,
  readNewestEnds,
  readResults,
  type StoredMilestone,
  storedOf,
  type Which,
} from './cell-results.ts'

const keysAtOnce = 200

/**
 * Because of these locks, two transactions never derive the same cell at once. When a job finishes, its transaction
 * takes a shared lock on the project, and an exclusive lock on the host, arch and variant of the attempt. A transaction
 * that changes many cells, or positions, takes an exclusive lock on the project. After a transaction has its locks, its
 * next statement sees everything that other transactions have committed.
 */
export const lockProject = sql`pg_advisory_xact_lock(hashtextextended('cells ' || "projectName", 0))::text`
export const lockCell = sql`
  pg_advisory_xact_lock_shared(hashtextextended('cells ' || "projectName", 0))::text ||
  pg_advisory_xact_lock(hashtextextended(concat_ws(chr(10), 'cell', "projectName", "hostId", "arch", "variant"), 0))::text`

/** Derives and writes these cells, and moves them between problems. The caller's transaction has changed the results and holds the locks above. */
export async function deriveCells(tx: Tx, changed: readonly ChangedCell[], which: Which): Promise<void> {
  for (let from = 0; from < changed.length; from += keysAtOnce) {
    await deriveSome(tx, changed.slice(from, from + keysAtOnce), which)
  }
}

async function deriveSome(tx: Tx, changed: readonly ChangedCell[], which: Which): Promise<void> {
  const cells = await readResults(tx, changed, which)
  const written: (CellRow & { problemId: number | null })[] = []
  const withoutResult: (CellKey & { problemId: number | null })[] = []
  for (const cell of cells) {
    const row = rowOf(cell)
    const { problemId } = cell
    if (row) written.push({ ...row, problemId })
    else if (!(cell.inBranch && cell.storedVerdict !== null && isResult(cell.storedVerdict)))
      withoutResult.push({ ...keyOf(cell), problemId })
  }
  const ended = withoutResult.length > 0 ? await readNewestEnds(tx, withoutResult) : []
  const withEnd = new Set(ended.map(nameOf))
  await writeCells(
    tx,
    [...written, ...ended.map(rowWithoutResult)],
    withoutResult.filter(key => !withEnd.has(nameOf(key))),
  )
  await recordProblems(tx, written)
  const dropped = withoutResult.filter(({ problemId }) => problemId !== null)
  if (dropped.length > 0) await dropProblemCells(tx, { kind: 'cells', cells: dropped })
}

type CellRow = CellKey & MilestoneColumns & Standing & Omit<CellAttempt, 'position' | 'recipe' | 'milliseconds'>

interface Standing {
  state: CellState
  flaky: boolean
  results: number
  changes: number
  expectedMs: number | null
}

function rowOf(row: ResultRow): CellRow | undefined {
  const attempts = row.attempts.map(attempt => ({ ...attempt, finishedAt: new Date(attempt.finishedAt) }))
  const standing = deriveCell(attempts, row.confirm ?? confirmDefault)
  const { newest, state, flakiness, expectedMilliseconds } = standing
  if (!newest) return undefined
  const stored = attempts.length < attemptsMax ? null : storedOf(row)
  const { since, changed, lastGood } = completeStanding(standing, attempts, stored)
  const milestones = {
    since: milestoneOf(since ?? newest),
    changed: milestoneOf(changed ?? newest),
    lastGood: lastGood && milestoneOf(lastGood),
  }
  return cellRow(row, newest, milestones, { state, ...flakiness, expectedMs: expectedMilliseconds })
}

function rowWithoutResult(end: EndRow): CellRow {
  const at = milestoneOf(end)
  const standing = { state: 'unknown', flaky: false, results: 0, changes: 0, expectedMs: null } as const
  return cellRow(end, end, { since: at, changed: at, lastGood: null }, standing)
}

const milestoneOf = (at: CellAttempt | StoredMilestone): StoredMilestone =>
  'finishedAt' in at ? { buildId: at.buildId, jobId: at.jobId, commit: at.commit, at: at.finishedAt } : at

interface Milestones {
  since: StoredMilestone
  changed: StoredMilestone
  lastGood: StoredMilestone | null
}

const cellRow = (
  key: CellKey,
  newest: CellAttempt,
  { since, changed, lastGood }: Milestones,
  standing: Standing,
): CellRow => ({
  ...keyOf(key),
  ...standing,
  jobId: newest.jobId,
  number: newest.number,
  buildId: newest.buildId,
  commit: newest.commit,
  verdict: newest.verdict,
  failedStep: newest.failedStep,
  fingerprint: newest.fingerprint,
  finishedAt: newest.finishedAt,
  sinceBuildId: since.buildId,
  sinceJobId: since.jobId ?? newest.jobId,
  sinceCommit: since.commit,
  sinceAt: since.at,
  changedBuildId: changed.buildId,
  changedCommit: changed.commit,
  changedAt: changed.at,
  lastGoodBuildId: lastGood?.buildId ?? null,
  lastGoodJobId: lastGood?.jobId ?? null,
  lastGoodCommit: lastGood?.commit ?? null,
  lastGoodAt: lastGood?.at ?? null,
})

/** The columns of a cell without its key, in the order in which they are written. */
const values = [
  'jobId',
  'number',
  'buildId',
  'commit',
  'verdict',
  'failedStep',
  'fingerprint',
  'state',
  'flaky',
  'results',
  'changes',
  'expectedMs',
  'finishedAt',
  'sinceBuildId',
  'sinceJobId',
  'sinceCommit',
  'sinceAt',
  'changedBuildId',
  'changedCommit',
  'changedAt',
  'lastGoodBuildId',
  'lastGoodJobId',
  'lastGoodCommit',
  'lastGoodAt',
]
const quoted = raw(values.map(column => `"${column}"`).join(', '))
const stored = [...values, 'testsMissing']
const assignments = raw(stored.map(column => `"${column}" = EXCLUDED."${column}"`).join(', '))
const [before, after] = ['cell', 'EXCLUDED'].map(row => raw(stored.map(column => `${row}."${column}"`).join(', '))) as [
  Sql,
  Sql,
]

async function writeCells(tx: Tx, rows: readonly CellRow[], gone: readonly CellKey[]): Promise<void> {
  if (rows.length > 0) {
    await tx.execute`
      INSERT INTO "Cell" AS cell ("projectName", "branch", "hostId", "arch", "variant", "writtenAt", ${quoted}, "testsMissing")
      SELECT "projectName", "branch", "hostId", "arch", "variant", ${tx.now()}, ${quoted},
             "verdict" = 'passed' AND COALESCE((SELECT tests."missing" FROM "TestSummary" tests
                                                 WHERE tests."jobId" = new."jobId" AND tests."number" = new."number"), false)
        FROM jsonb_populate_recordset(NULL::"Cell", ${JSON.stringify(rows)}::jsonb) new
      ON CONFLICT ("projectName", "branch", "hostId", "arch", "variant")
      DO UPDATE SET "writtenAt" = EXCLUDED."writtenAt", ${assignments} WHERE (${before}) IS DISTINCT FROM (${after})`
  }
  if (gone.length > 0) {
    await tx.execute`
      DELETE FROM "Cell" cell USING jsonb_populate_recordset(NULL::"Cell", ${JSON.stringify(gone)}::jsonb) gone
       WHERE cell."projectName" = gone."projectName" AND cell."branch" = gone."branch" AND cell."hostId" = gone."hostId"
         AND cell."arch" = gone."arch" AND cell."variant" = gone."variant"`
  }
}
