import type { Verdict } from '@rumpfarm/contracts'
import { raw, type Sql, sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import { type CellAttempt, completeStanding, deriveCell, isResult, type StoredCell } from './cell.rule.ts'

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
const attemptsMax = 50
/** For the newest results of a cell, the farm searches at most this many built commits of the branch. */
const commitsMax = 1000
/**
 * A result of a commit counts for at most this many of the branches that contain the commit. The farm chooses the
 * branches with the newest pushes.
 */
const branchesMax = 100
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

/** `without-result`: an attempt ended without a result, so only cells without a result can change. */
type Which = 'all' | 'without-result'

/** Derives and writes these cells. The caller's transaction has changed the results and holds the locks above. */
export async function deriveCells(tx: Tx, changed: readonly ChangedCell[], which: Which): Promise<void> {
  for (let from = 0; from < changed.length; from += keysAtOnce) {
    await deriveSome(tx, changed.slice(from, from + keysAtOnce), which)
  }
}

async function deriveSome(tx: Tx, changed: readonly ChangedCell[], which: Which): Promise<void> {
  const cells = await readResults(tx, changed, which)
  const written: CellRow[] = []
  const withoutResult: Key[] = []
  for (const cell of cells) {
    const row = rowOf(cell)
    if (row) written.push(row)
    else if (!(cell.inBranch && cell.storedVerdict !== null && isResult(cell.storedVerdict)))
      withoutResult.push(keyOf(cell))
  }
  const ended = withoutResult.length > 0 ? await readNewestEnds(tx, withoutResult) : []
  const withEnd = new Set(ended.map(nameOf))
  await writeCells(
    tx,
    [...written, ...ended.map(rowWithoutResult)],
    withoutResult.filter(key => !withEnd.has(nameOf(key))),
  )
}

interface Key {
  projectName: string
  branch: string
  hostId: number
  arch: string
  variant: string
}

const keyOf = ({ projectName, branch, hostId, arch, variant }: Key): Key => ({
  projectName,
  branch,
  hostId,
  arch,
  variant,
})

const nameOf = ({ projectName, branch, hostId, arch, variant }: Key) =>
  [projectName, branch, hostId, arch, variant].join('\n')

interface Milestone {
  buildId: number
  commit: string
  at: Date
}

interface MilestoneColumns {
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
  /** Whether the branch still contains the stored cell's commit. */
  inBranch: boolean | null
}

/** An attempt in the query's JSON. The query returns one row for each cell. The row has all attempts of the cell. */
type JsonAttempt = Omit<CellAttempt, 'finishedAt'> & { finishedAt: string }

type ResultRow = Key & StoredRow & { attempts: JsonAttempt[] }

const results = sql`('passed', 'failed', 'timed-out')`

/** The ended attempts of a key, newest commit first. PostgreSQL runs a nested loop that stops at the limit. */
const attemptsOf = (verdicts: Sql, limit: number) => sql`
  SELECT held."position", held."commit", ended.*
    FROM (SELECT "commit", "position" FROM "BranchCommit"
           WHERE "projectName" = key."projectName" AND "branch" = key."branch"
           ORDER BY "position" DESC LIMIT ${commitsMax}) held
   CROSS JOIN LATERAL (
     SELECT job."buildId", job."id" AS "jobId", job."recipeHash" AS "recipe", a."verdict", a."failedStep", a."finishedAt"
       FROM "Build" build JOIN "Job" job ON job."buildId" = build."id" JOIN "Attempt" a ON a."jobId" = job."id"
      WHERE build."projectName" = key."projectName" AND build."commit" = held."commit" AND job."hostId" = key."hostId"
        AND job."arch" = key."arch" AND job."variant" = key."variant" AND a."state" = 'finished' AND ${verdicts}
      ORDER BY a."finishedAt" DESC LIMIT 20) ended
   ORDER BY held."position" DESC LIMIT ${limit}`

/** PostgreSQL's planner knows the number of rows of arrays. For a function on JSON it assumes a hundred rows. */
const columnsOf = (changed: readonly ChangedCell[]) => sql`
  unnest(${changed.map(cell => cell.projectName)}::text[], ${changed.map(cell => cell.commit)}::text[],
         ${changed.map(cell => cell.branch)}::text[], ${changed.map(cell => cell.hostId)}::int[],
         ${changed.map(cell => cell.arch)}::text[], ${changed.map(cell => cell.variant)}::text[])`

const readResults = (tx: Tx, changed: readonly ChangedCell[], which: Which) => tx.query<ResultRow>`
  WITH changed AS (
    SELECT DISTINCT * FROM ${columnsOf(changed)} AS changed("projectName", "commit", "branch", "hostId", "arch", "variant")
  ), key AS (
    SELECT DISTINCT "projectName", target."branch", "hostId", "arch", "variant"
      FROM changed CROSS JOIN LATERAL (
        SELECT changed."branch" WHERE changed."branch" IS NOT NULL
        UNION ALL (
          SELECT held."branch" FROM "BranchCommit" held
            JOIN "Branch" branch ON branch."projectName" = held."projectName" AND branch."name" = held."branch"
           WHERE changed."branch" IS NULL AND held."projectName" = changed."projectName" AND held."commit" = changed."commit"
           ORDER BY branch."pushedAt" DESC LIMIT ${branchesMax})) target
  )
  SELECT key.*, cell."verdict" AS "storedVerdict", cell."failedStep" AS "storedStep",
         cell."sinceBuildId", cell."sinceCommit", cell."sinceAt", cell."changedBuildId", cell."changedCommit", cell."changedAt",
         cell."lastGoodBuildId", cell."lastGoodCommit", cell."lastGoodAt",
         (SELECT COALESCE(json_agg(found), '[]')
            FROM (${attemptsOf(sql`a."verdict" IN ${results}`, attemptsMax)}) found) AS "attempts",
         (SELECT true FROM "BranchCommit" held WHERE held."projectName" = key."projectName"
             AND held."commit" = cell."commit" AND held."branch" = key."branch" LIMIT 1) AS "inBranch" -- EXISTS would read the whole table
    FROM key LEFT JOIN "Cell" cell ON cell."projectName" = key."projectName" AND cell."branch" = key."branch"
         AND cell."hostId" = key."hostId" AND cell."arch" = key."arch" AND cell."variant" = key."variant"
   WHERE ${which === 'all'} OR cell."verdict" IS NULL OR cell."verdict" NOT IN ${results}`

type EndRow = Key & CellAttempt

/** For each key without a result: its newest ended attempt. */
const readNewestEnds = (tx: Tx, keys: readonly Key[]) => tx.query<EndRow>`
  SELECT key.*, found.*
    FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
      AS key("projectName" text, "branch" text, "hostId" int, "arch" text, "variant" text)
   CROSS JOIN LATERAL (${attemptsOf(sql`a."verdict" NOT IN ${results}`, 1)}) found`

function storedOf(row: ResultRow): StoredCell<Milestone> | null {
  if (row.storedVerdict === null) return null
  const { lastGoodBuildId, lastGoodCommit, lastGoodAt } = row
  return {
    verdict: row.storedVerdict,
    failedStep: row.storedStep,
    since: { buildId: row.sinceBuildId, commit: row.sinceCommit, at: row.sinceAt },
    changed: { buildId: row.changedBuildId, commit: row.changedCommit, at: row.changedAt },
    lastGood:
      lastGoodBuildId === null || lastGoodCommit === null || lastGoodAt === null
        ? null
        : { buildId: lastGoodBuildId, commit: lastGoodCommit, at: lastGoodAt },
  }
}

type CellRow = Key &
  MilestoneColumns &
  Pick<CellAttempt, 'jobId' | 'buildId' | 'commit' | 'verdict' | 'failedStep' | 'finishedAt'>

function rowOf(row: ResultRow): CellRow | undefined {
  const attempts = row.attempts.map(attempt => ({ ...attempt, finishedAt: new Date(attempt.finishedAt) }))
  const standing = deriveCell(attempts)
  const { newest } = standing
  if (!newest) return undefined
  const stored = attempts.length < attemptsMax ? null : storedOf(row)
  const { since, changed, lastGood } = completeStanding(standing, attempts, stored)
  return cellRow(row, newest, {
    since: milestoneOf(since ?? newest),
    changed: milestoneOf(changed ?? newest),
    lastGood: lastGood && milestoneOf(lastGood),
  })
}

const rowWithoutResult = (end: EndRow): CellRow =>
  cellRow(end, end, { since: milestoneOf(end), changed: milestoneOf(end), lastGood: null })

const milestoneOf = (at: CellAttempt | Milestone): Milestone =>
  'finishedAt' in at ? { buildId: at.buildId, commit: at.commit, at: at.finishedAt } : at

interface Milestones {
  since: Milestone
  changed: Milestone
  lastGood: Milestone | null
}

const cellRow = (key: Key, newest: CellAttempt, { since, changed, lastGood }: Milestones): CellRow => ({
  ...keyOf(key),
  jobId: newest.jobId,
  buildId: newest.buildId,
  commit: newest.commit,
  verdict: newest.verdict,
  failedStep: newest.failedStep,
  finishedAt: newest.finishedAt,
  sinceBuildId: since.buildId,
  sinceCommit: since.commit,
  sinceAt: since.at,
  changedBuildId: changed.buildId,
  changedCommit: changed.commit,
  changedAt: changed.at,
  lastGoodBuildId: lastGood?.buildId ?? null,
  lastGoodCommit: lastGood?.commit ?? null,
  lastGoodAt: lastGood?.at ?? null,
})

/** The columns of a cell without its key, in the order in which they are written. */
const values = [
  'jobId',
  'buildId',
  'commit',
  'verdict',
  'failedStep',
  'finishedAt',
  'sinceBuildId',
  'sinceCommit',
  'sinceAt',
  'changedBuildId',
  'changedCommit',
  'changedAt',
  'lastGoodBuildId',
  'lastGoodCommit',
  'lastGoodAt',
]
const quoted = raw(values.map(column => `"${column}"`).join(', '))
const assignments = raw(values.map(column => `"${column}" = EXCLUDED."${column}"`).join(', '))

async function writeCells(tx: Tx, rows: readonly CellRow[], gone: readonly Key[]): Promise<void> {
  if (rows.length > 0) {
    await tx.execute`
      INSERT INTO "Cell" ("projectName", "branch", "hostId", "arch", "variant", ${quoted})
      SELECT "projectName", "branch", "hostId", "arch", "variant", ${quoted}
        FROM jsonb_populate_recordset(NULL::"Cell", ${JSON.stringify(rows)}::jsonb)
      ON CONFLICT ("projectName", "branch", "hostId", "arch", "variant") DO UPDATE SET ${assignments}`
  }
  if (gone.length > 0) {
    await tx.execute`
      DELETE FROM "Cell" cell USING jsonb_populate_recordset(NULL::"Cell", ${JSON.stringify(gone)}::jsonb) gone
       WHERE cell."projectName" = gone."projectName" AND cell."branch" = gone."branch" AND cell."hostId" = gone."hostId"
         AND cell."arch" = gone."arch" AND cell."variant" = gone."variant"`
  }
}
