import type { ProjectConfig, Verdict } from '@rumpfarm/contracts'
import { type Acknowledgement, acknowledgementOf } from '../acknowledgements/acknowledged.rule.ts'
import type { Tx } from '../db/transaction.ts'
import type { CellKey } from '../matrix/cell-results.ts'
import { knownFailures } from '../matrix/known-failures.rule.ts'
import { announce, type Change } from './announce.ts'
import { type CellResult, canMove, moveOf } from './problems.rule.ts'

/** A cell after the farm has derived it. */
export interface DerivedCell extends CellKey, Omit<CellResult, 'pending'> {
  /** The open problem of the cell before. */
  problemId: number | null
  jobId: number
  number: number
  buildId: number
  sinceBuildId: number
  sinceCommit: string
  sinceAt: Date
  lastGoodBuildId: number | null
  lastGoodCommit: string | null
}

/**
 * Moves cells between problems after their results changed, and announces the problems that open and close. The caller's
 * transaction has derived the cells and holds their locks. The lock of the problems makes two transactions that store the
 * same failure open one problem.
 */
export async function recordProblems(tx: Tx, derived: readonly DerivedCell[]): Promise<void> {
  const cells = derived.filter(cell => canMove(cell, cell.problemId !== null))
  if (cells.length === 0) return
  const moves = await movesOf(tx, cells)
  const leaving = moves.filter(({ cell }) => cell.problemId !== null)
  const joining = moves.flatMap(({ cell, move }) => (move.kind === 'join' ? [{ ...cell, key: move.key }] : []))
  if (moves.length === 0) return
  await lockProblems(
    tx,
    moves.map(({ cell }) => cell.projectName),
  )
  await leave(
    tx,
    leaving.map(({ cell, move }) => ({ ...cell, why: move.kind === 'leave' ? move.why : 'other-failure' })),
  )
  const joined = await join(tx, joining)
  await announce(tx, await openedChanges(tx, joined))
  await closeProblems(
    tx,
    leaving.flatMap(({ cell }) => cell.problemId ?? []),
  )
}

async function movesOf(tx: Tx, cells: readonly DerivedCell[]) {
  const keys = await keysOf(
    tx,
    cells.flatMap(({ problemId }) => problemId ?? []),
  )
  const pending = await pendingOf(
    tx,
    cells.filter(({ fingerprint, verdict }) => verdict !== 'passed' && fingerprint === null),
  )
  return cells
    .map(cell => ({
      cell,
      move: moveOf(
        { ...cell, pending: pending.has(`${cell.jobId}.${cell.number}`) },
        keys.get(cell.problemId ?? 0) ?? null,
      ),
    }))
    .filter(({ move }) => move.kind !== 'stay')
}

async function keysOf(tx: Tx, ids: readonly number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<{
    id: number
    key: string
  }>`SELECT "id", "key" FROM "Problem" WHERE "id" = ANY(${[...ids]})`
  return new Map(rows.map(({ id, key }) => [id, key]))
}

/** The attempts whose logs the farm must still examine. */
async function pendingOf(tx: Tx, cells: readonly DerivedCell[]): Promise<Set<string>> {
  if (cells.length === 0) return new Set()
  const rows = await tx.query<{ name: string }>`
    SELECT "jobId" || '.' || "number" AS "name" FROM "Examination" WHERE "jobId" = ANY(${cells.map(({ jobId }) => jobId)})`
  return new Set(rows.map(({ name }) => name))
}

/** In the order of the names, so that two transactions never wait for each other. */
async function lockProblems(tx: Tx, projects: readonly string[]): Promise<void> {
  for (const project of [...new Set(projects)].sort())
    await tx.query`SELECT pg_advisory_xact_lock(hashtextextended(${`problems ${project}`}, 0))::text`
}

const leave = async (tx: Tx, cells: readonly (DerivedCell & { why: string })[]) =>
  cells.length > 0 &&
  tx.execute`
    UPDATE "ProblemCell" member SET "endedAt" = ${tx.now()}, "ended" = "why", "endedBuildId" = gone."buildId"
      FROM jsonb_to_recordset(${JSON.stringify(cells)}::jsonb)
        AS gone("projectName" text, "branch" text, "hostId" int, "arch" text, "variant" text, "why" text, "buildId" int)
     WHERE member."projectName" = gone."projectName" AND member."branch" = gone."branch" AND member."hostId" = gone."hostId"
       AND member."arch" = gone."arch" AND member."variant" = gone."variant" AND member."endedAt" IS NULL`

interface JoinedCell extends CellKey {
  problemId: number
  fingerprint: string | null
  verdict: Verdict
  failedStep: string | null
  sinceCommit: string
}

async function join(tx: Tx, cells: readonly (DerivedCell & { key: string })[]): Promise<JoinedCell[]> {
  if (cells.length === 0) return []
  const json = JSON.stringify(cells)
  await tx.execute`
    INSERT INTO "Problem" ("projectName", "branch", "key", "fingerprint", "step", "verdict", "openedAt", "openedBuildId")
    SELECT DISTINCT ON ("projectName", "branch", "key") "projectName", "branch", "key", "fingerprint", "failedStep", "verdict",
           ${tx.now()}::timestamptz, "sinceBuildId"
      FROM jsonb_to_recordset(${json}::jsonb) AS new("projectName" text, "branch" text, "key" text, "fingerprint" text,
           "failedStep" text, "verdict" text, "sinceBuildId" int)
     ORDER BY "projectName", "branch", "key", "sinceBuildId"
    ON CONFLICT ("projectName", "branch", "key") WHERE "closedAt" IS NULL DO NOTHING`
  return tx.query<JoinedCell>`
    WITH new AS (
      SELECT new.*, problem."id" AS "problemId"
        FROM jsonb_to_recordset(${json}::jsonb)
          AS new("projectName" text, "branch" text, "hostId" int, "arch" text, "variant" text, "key" text, "jobId" bigint,
                 "number" int, "sinceBuildId" int, "sinceCommit" text, "sinceAt" timestamptz, "lastGoodBuildId" int,
                 "lastGoodCommit" text, "fingerprint" text, "verdict" text, "failedStep" text)
        JOIN "Problem" problem ON problem."projectName" = new."projectName" AND problem."branch" = new."branch"
         AND problem."key" = new."key" AND problem."closedAt" IS NULL
    ), added AS (
      INSERT INTO "ProblemCell" ("problemId", "projectName", "branch", "hostId", "arch", "variant", "jobId", "number",
             "sinceBuildId", "sinceCommit", "sinceAt", "lastGoodBuildId", "lastGoodCommit")
      SELECT "problemId", "projectName", "branch", "hostId", "arch", "variant", "jobId", "number", "sinceBuildId",
             "sinceCommit", "sinceAt", "lastGoodBuildId", "lastGoodCommit" FROM new
    )
    SELECT "problemId", "projectName", "branch", "hostId", "arch", "variant", "fingerprint", "verdict", "failedStep",
           "sinceCommit" FROM new`
}

/** A problem is announced when the first cell joins that is neither a known failure nor acknowledged. */
async function openedChanges(tx: Tx, joined: readonly JoinedCell[]): Promise<Change[]> {
  const loud = await loudCells(tx, joined)
  return problemChanges('newly-failing', 'opened', loud)
}

function problemChanges(event: 'newly-failing' | 'fixed', change: string, cells: readonly JoinedCell[]): Change[] {
  const problems = new Map(cells.map(cell => [cell.problemId, cell]))
  return [...problems.values()].map(({ problemId, projectName, branch, sinceCommit }) => ({
    event,
    project: projectName,
    branch,
    problemId,
    cells: cells.filter(cell => cell.problemId === problemId),
    ...(event === 'newly-failing' ? { commit: sinceCommit } : {}),
    subject: `problem:${problemId}:${change}`,
    thread: `problem:${problemId}`,
    waits: true,
  }))
}

/** The cells whose failure nobody expects and nobody has acknowledged. */
async function loudCells(tx: Tx, cells: readonly JoinedCell[]): Promise<JoinedCell[]> {
  if (cells.length === 0) return []
  const names = [...new Set(cells.map(({ projectName }) => projectName))]
  const projects = await tx.query<{ name: string; config: ProjectConfig }>`
    SELECT "name", "config" FROM "Project" WHERE "name" = ANY(${names})`
  const hosts = await tx.query<{ id: number; name: string }>`
    SELECT "id", "name" FROM "Host" WHERE "id" = ANY(${[...new Set(cells.map(({ hostId }) => hostId))]})`
  const acknowledged = await tx.query<Acknowledgement>`
    SELECT "projectName" AS "project", "kind", "fingerprint", "branch", host."name" AS "host", "arch", "variant"
      FROM "Acknowledgement" acknowledged LEFT JOIN "Host" host ON host."id" = acknowledged."hostId"
     WHERE "projectName" = ANY(${names}) AND "expiresAt" > ${tx.now()} AND "endedAt" IS NULL LIMIT 1000`
  const hostNames = new Map(hosts.map(({ id, name }) => [id, name]))
  const configs = new Map(projects.map(({ name, config }) => [name, config]))
  return cells.filter(cell => {
    const host = hostNames.get(cell.hostId) ?? ''
    const config = configs.get(cell.projectName)
    const known = config && knownFailures(config, cell.variant)(host, cell.arch, cell)
    return !known && !acknowledgementOf({ ...cell, project: cell.projectName, host }, acknowledged)
  })
}

/** Closes the problems that have no failing cell any more. Only a pass is announced as a fix. */
async function closeProblems(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const closed = await tx.query<JoinedCell & { ended: string }>`
    WITH closed AS (
      UPDATE "Problem" problem SET "closedAt" = ${tx.now()}
       WHERE "id" = ANY(${[...new Set(ids)]}) AND "closedAt" IS NULL
         AND NOT EXISTS (SELECT FROM "ProblemCell" member WHERE member."problemId" = problem."id" AND member."endedAt" IS NULL)
      RETURNING *
    )
    SELECT member."problemId", member."projectName", member."branch", member."hostId", member."arch", member."variant",
           closed."fingerprint", closed."verdict", closed."step" AS "failedStep", member."ended",
           member."sinceCommit"
      FROM closed JOIN "ProblemCell" member ON member."problemId" = closed."id" WHERE member."ended" = 'passed'`
  await announce(tx, problemChanges('fixed', 'closed', await loudCells(tx, closed)))
}

/** The cells of a removed host or a deleted branch, or cells that the branch no longer has, leave their problems without a message. */
export async function dropProblemCells(
  tx: Tx,
  gone:
    | { kind: 'host'; hostId: number }
    | { kind: 'branch'; project: string; branch: string }
    | { kind: 'cells'; cells: readonly CellKey[] },
): Promise<void> {
  const found =
    gone.kind === 'branch'
      ? await tx.query<{ id: number; problemId: number; projectName: string }>`
          SELECT "id", "problemId", "projectName" FROM "ProblemCell"
           WHERE "projectName" = ${gone.project} AND "branch" = ${gone.branch} AND "endedAt" IS NULL`
      : gone.kind === 'host'
        ? await tx.query<{ id: number; problemId: number; projectName: string }>`
          SELECT "id", "problemId", "projectName" FROM "ProblemCell" WHERE "hostId" = ${gone.hostId} AND "endedAt" IS NULL`
        : await tx.query<{ id: number; problemId: number; projectName: string }>`
          SELECT member."id", member."problemId", member."projectName"
            FROM jsonb_to_recordset(${JSON.stringify(gone.cells)}::jsonb)
              AS gone("projectName" text, "branch" text, "hostId" int, "arch" text, "variant" text)
            JOIN "ProblemCell" member ON member."projectName" = gone."projectName" AND member."branch" = gone."branch"
             AND member."hostId" = gone."hostId" AND member."arch" = gone."arch" AND member."variant" = gone."variant"
             AND member."endedAt" IS NULL`
  if (found.length === 0) return
  await lockProblems(
    tx,
    found.map(({ projectName }) => projectName),
  )
  await tx.execute`
    UPDATE "ProblemCell" SET "endedAt" = ${tx.now()}, "ended" = 'gone'
     WHERE "id" = ANY(${found.map(({ id }) => id)}) AND "endedAt" IS NULL`
  await closeProblems(
    tx,
    found.map(({ problemId }) => problemId),
  )
}
