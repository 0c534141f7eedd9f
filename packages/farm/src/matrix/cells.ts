import type { Verdict } from '@rumpfarm/contracts'
import { Prisma, type Tx } from '../db/client.ts'
import { type CellAttempt, completeStanding, deriveCell, isResult, type StoredCell } from './cell.rule.ts'

/** Cells whose results changed. Without a branch: those of each branch that holds the commit. */
export interface ChangedCell {
  projectName: string
  commit: string
  branch: string | null
  hostId: number
  arch: string
  variant: string
}

/** A cell is derived from this many of its newest results; older milestones come from the stored cell. */
const attemptsMax = 50
/** How many built commits of a branch are looked through for them. */
const commitsMax = 1000
/** A commit counts for this many of its branches: those that were pushed last. */
const branchesMax = 100
const keysAtOnce = 200

/**
 * What keeps two transactions from deriving the same cell at once: a finish shares the project and has its place in the
 * matrix (host, arch, variant) alone; whatever changes many cells, or the positions of commits, has the project alone.
 * A statement that runs after the one with the lock sees what the others committed.
 */
export const lockProject = Prisma.sql`pg_advisory_xact_lock(hashtextextended('cells ' || "projectName", 0))::text`
export const lockCell = Prisma.sql`
  pg_advisory_xact_lock_shared(hashtextextended('cells ' || "projectName", 0))::text ||
  pg_advisory_xact_lock(hashtextextended(concat_ws(chr(10), 'cell', "projectName", "hostId", "arch", "variant"), 0))::text`

/** Which of the changed cells can change: an attempt without a result counts only where there is no result. */
type Which = 'all' | 'without-result'

/** Writes these cells again, from their stored results. Call it in the transaction that changed these, with the locks above. */
export async function deriveCells(tx: Tx, changed: readonly ChangedCell[], which: Which): Promise<void> {
  for (let from = 0; from < changed.length; from += keysAtOnce) {
    await deriveSome(tx, changed.slice(from, from + keysAtOnce), which)
  }
}

async function deriveSome(tx: Tx, changed: readonly ChangedCell[], which: Which): Promise<void> {
  const cells = await readResults(tx, changed, which)
  const written: CellRow[] = []
  const bare: Key[] = []
  for (const cell of cells) {
    const row = rowOf(cell)
    if (row) written.push(row)
    else if (!(cell.placed && cell.storedVerdict !== null && isResult(cell.storedVerdict))) bare.push(keyOf(cell))
  }
  const ended = bare.length > 0 ? await readNewestEnds(tx, bare) : []
  const withEnd = new Set(ended.map(nameOf))
  await writeCells(
    tx,
    [...written, ...ended.map(rowWithoutResult)],
    bare.filter(key => !withEnd.has(nameOf(key))),
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
  /** Whether the stored cell's commit still belongs to the branch. */
  placed: boolean | null
}

/** As JSON: one row for each cell, not one for each attempt. */
type JsonAttempt = Omit<CellAttempt, 'finishedAt'> & { finishedAt: string }

type ResultRow = Key & StoredRow & { attempts: JsonAttempt[] }

const results = Prisma.sql`('passed', 'failed', 'timed-out')`

/** The ended attempts of a key, newest commit first: a nested loop that stops as soon as it has enough. */
const attemptsOf = (verdicts: Prisma.Sql, limit: number) => Prisma.sql`
  SELECT place."position", place."commit", ended.*
    FROM (SELECT "commit", "position" FROM "BranchCommit"
           WHERE "projectName" = key."projectName" AND "branch" = key."branch"
           ORDER BY "position" DESC LIMIT ${commitsMax}) place
   CROSS JOIN LATERAL (
     SELECT job."buildId", job."id" AS "jobId", job."recipeHash" AS "recipe", a."verdict", a."failedStep", a."finishedAt"
       FROM "Build" build JOIN "Job" job ON job."buildId" = build."id" JOIN "Attempt" a ON a."jobId" = job."id"
      WHERE build."projectName" = key."projectName" AND build."commit" = place."commit" AND job."hostId" = key."hostId"
        AND job."arch" = key."arch" AND job."variant" = key."variant" AND a."state" = 'finished' AND ${verdicts}
      ORDER BY a."finishedAt" DESC LIMIT 20) ended
   ORDER BY place."position" DESC LIMIT ${limit}`

/** PostgreSQL knows how many rows this has; of a function on JSON it expects a hundred, and plans for them. */
const columnsOf = (changed: readonly ChangedCell[]) => Prisma.sql`
  unnest(${changed.map(cell => cell.projectName)}::text[], ${changed.map(cell => cell.commit)}::text[],
         ${changed.map(cell => cell.branch)}::text[], ${changed.map(cell => cell.hostId)}::int[],
         ${changed.map(cell => cell.arch)}::text[], ${changed.map(cell => cell.variant)}::text[])`

const readResults = (tx: Tx, changed: readonly ChangedCell[], which: Which) => tx.$queryRaw<ResultRow[]>`
  WITH changed AS (
    SELECT DISTINCT * FROM ${columnsOf(changed)} AS changed("projectName", "commit", "branch", "hostId", "arch", "variant")
  ), key AS (
    SELECT DISTINCT "projectName", place."branch", "hostId", "arch", "variant"
      FROM changed CROSS JOIN LATERAL (
        SELECT changed."branch" WHERE changed."branch" IS NOT NULL
        UNION ALL (
          SELECT placed."branch" FROM "BranchCommit" placed
            JOIN "Branch" branch ON branch."projectName" = placed."projectName" AND branch."name" = placed."branch"
           WHERE changed."branch" IS NULL AND placed."projectName" = changed."projectName" AND placed."commit" = changed."commit"
           ORDER BY branch."pushedAt" DESC LIMIT ${branchesMax})) place
  )
  SELECT key.*, cell."verdict" AS "storedVerdict", cell."failedStep" AS "storedStep",
         cell."sinceBuildId", cell."sinceCommit", cell."sinceAt", cell."changedBuildId", cell."changedCommit", cell."changedAt",
         cell."lastGoodBuildId", cell."lastGoodCommit", cell."lastGoodAt",
         (SELECT COALESCE(json_agg(found), '[]')
            FROM (${attemptsOf(Prisma.sql`a."verdict" IN ${results}`, attemptsMax)}) found) AS "attempts",
         (SELECT true FROM "BranchCommit" place WHERE place."projectName" = key."projectName"
             AND place."commit" = cell."commit" AND place."branch" = key."branch" LIMIT 1) AS "placed" -- EXISTS would read the whole table
    FROM key LEFT JOIN "Cell" cell ON cell."projectName" = key."projectName" AND cell."branch" = key."branch"
         AND cell."hostId" = key."hostId" AND cell."arch" = key."arch" AND cell."variant" = key."variant"
   WHERE ${which === 'all'} OR cell."verdict" IS NULL OR cell."verdict" NOT IN ${results}`

type EndRow = Key & CellAttempt

/** How the newest attempt ended, of keys that have no result. */
const readNewestEnds = (tx: Tx, keys: readonly Key[]) => tx.$queryRaw<EndRow[]>`
  SELECT key.*, found.*
    FROM jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
      AS key("projectName" text, "branch" text, "hostId" int, "arch" text, "variant" text)
   CROSS JOIN LATERAL (${attemptsOf(Prisma.sql`a."verdict" NOT IN ${results}`, 1)}) found`

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

/** Columns of a cell beside its key, in the order in which they are written. */
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
const quoted = Prisma.raw(values.map(column => `"${column}"`).join(', '))
const taken = Prisma.raw(values.map(column => `"${column}" = EXCLUDED."${column}"`).join(', '))

async function writeCells(tx: Tx, rows: readonly CellRow[], gone: readonly Key[]): Promise<void> {
  if (rows.length > 0) {
    await tx.$executeRaw`
      INSERT INTO "Cell" ("projectName", "branch", "hostId", "arch", "variant", ${quoted})
      SELECT "projectName", "branch", "hostId", "arch", "variant", ${quoted}
        FROM jsonb_populate_recordset(NULL::"Cell", ${JSON.stringify(rows)}::jsonb)
      ON CONFLICT ("projectName", "branch", "hostId", "arch", "variant") DO UPDATE SET ${taken}`
  }
  if (gone.length > 0) {
    await tx.$executeRaw`
      DELETE FROM "Cell" cell USING jsonb_populate_recordset(NULL::"Cell", ${JSON.stringify(gone)}::jsonb) gone
       WHERE cell."projectName" = gone."projectName" AND cell."branch" = gone."branch" AND cell."hostId" = gone."hostId"
         AND cell."arch" = gone."arch" AND cell."variant" = gone."variant"`
  }
}
