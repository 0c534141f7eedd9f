import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { ChangedCell } from './cell-results.ts'
import { deriveCells, lockProject } from './cells.ts'
import { firstPiece, nextPiece } from './piece.rule.ts'
import { assignPositions, type PositionedCommit } from './positions.rule.ts'

/** A branch whose history must be read. */
export interface BranchToRead {
  project: string
  branch: string
  wantedAt: Date
}

/** The branches whose first-parent histories must be read now, in one project or in all; the oldest request first. */
export async function listBranchesToRead({ db, now }: Context, project?: string, limit = 100): Promise<BranchToRead[]> {
  const rows = await db.models.branch.findMany({
    where: {
      historyWantedAt: { lte: now() },
      removedAt: null,
      ...(project === undefined ? {} : { projectName: project }),
    },
    select: { projectName: true, name: true, historyWantedAt: true },
    orderBy: { historyWantedAt: 'asc' },
    take: limit,
  })
  return rows.map(({ projectName, name, historyWantedAt }) => ({
    project: projectName,
    branch: name,
    wantedAt: historyWantedAt as Date,
  }))
}

/** The present first-parent history of a branch in its repository. */
export interface BranchHistory {
  project: string
  branch: string
  /** Newest commit first. */
  commits: string[]
  /** Whether `commits` reaches the first commit of the branch. */
  complete: boolean
}

/** The farm checks only this many of the newest known commits; older commits of the branch keep their positions. */
const knownMax = 1000

/**
 * Gives the built commits of a branch their positions in its history. Then derives the cells of every commit that was
 * moved, added or removed. A second call with the same history changes nothing, unless the first call was interrupted:
 * then the second call does the rest.
 */
export async function applyHistory(context: Context, history: BranchHistory): Promise<void> {
  const { moved, removed, changed } = await inTransaction(context, tx => writeHistory(tx, history))
  await deriveInPieces(context, history.project, changed)
  await inTransaction(context, async tx => {
    if (moved.length > 0) await markSettled(tx, history, moved)
    if (moved.length + removed.length + changed.length > 0)
      tx.emit({ kind: 'history-changed', project: history.project })
  })
}

/** A job of the project that finishes at the same time waits for one piece. */
async function deriveInPieces(context: Context, project: string, changed: ChangedCell[]): Promise<void> {
  let cells = firstPiece
  for (let from = 0; from < changed.length; ) {
    const piece = changed.slice(from, from + cells)
    const tookMs = await inTransaction(context, async tx => {
      await lockWholeProject(tx, project)
      const began = performance.now()
      await deriveCells(tx, piece, 'all')
      return performance.now() - began
    })
    from += piece.length
    cells = nextPiece(piece.length, tookMs)
  }
}

interface HistoryChanges {
  moved: Moved[]
  removed: string[]
  changed: ChangedCell[]
}

/** After this transaction has committed, every job that finishes uses the new positions. */
async function writeHistory(tx: Tx, history: BranchHistory): Promise<HistoryChanges> {
  const { project, commits, complete } = history
  await lockWholeProject(tx, project)
  const known = await knownCommits(tx, history)
  const built = await builtCommits(tx, project, commits)
  const { positions, removed } = assignPositions(known, { commits, complete, built })
  const moved = movedCommits(known, positions)
  await writePositions(tx, history, moved, removed)
  const names = [...moved.map(({ commit }) => commit), ...removed]
  return { moved, removed, changed: [...(await cellsOf(tx, history, names)), ...(await cellsNotInBranch(tx, history))] }
}

const lockWholeProject = (tx: Tx, project: string) =>
  tx.query`SELECT ${lockProject} AS "lock" FROM (SELECT ${project}::text AS "projectName") project`

const knownCommits = (tx: Tx, { project, branch }: BranchKey) => tx.query<PositionedCommit>`
  SELECT "commit", "position", "settled" FROM "BranchCommit" WHERE "projectName" = ${project} AND "branch" = ${branch}
   ORDER BY "position" DESC LIMIT ${knownMax}`

async function builtCommits(tx: Tx, project: string, commits: string[]): Promise<Set<string>> {
  const rows = await tx.query<{ commit: string }>`
    SELECT DISTINCT "commit" FROM "Build" build
     WHERE "projectName" = ${project} AND "commit" = ANY(${commits}) AND ${ofBranch}`
  return new Set(rows.map(({ commit }) => commit))
}

interface Moved {
  commit: string
  position: number
}

function movedCommits(known: readonly PositionedCommit[], positions: ReadonlyMap<string, number>): Moved[] {
  const before = new Map(known.map(commit => [commit.commit, commit]))
  return [...positions]
    .filter(([commit, position]) => !before.get(commit)?.settled || before.get(commit)?.position !== position)
    .map(([commit, position]) => ({ commit, position }))
}

interface BranchKey {
  project: string
  branch: string
}

async function writePositions(
  tx: Tx,
  { project, branch }: BranchKey,
  moved: Moved[],
  removed: string[],
): Promise<void> {
  if (moved.length > 0) {
    await tx.execute`
      INSERT INTO "BranchCommit" ("projectName", "branch", "commit", "position", "settled")
      SELECT ${project}, ${branch}, "commit", "position", false
        FROM unnest(${moved.map(({ commit }) => commit)}::text[], ${moved.map(({ position }) => position)}::int[])
          AS moved("commit", "position")
      ON CONFLICT ("projectName", "commit", "branch") DO UPDATE SET "position" = EXCLUDED."position", "settled" = false`
  }
  if (removed.length > 0) {
    await tx.execute`
      DELETE FROM "BranchCommit"
       WHERE "projectName" = ${project} AND "branch" = ${branch} AND "commit" = ANY(${removed})`
  }
}

/** Call this function after all cells are derived, so that an interrupted derivation starts again. */
const markSettled = (tx: Tx, { project, branch }: BranchKey, moved: Moved[]) => tx.execute`
  UPDATE "BranchCommit" SET "settled" = true
   WHERE "projectName" = ${project} AND "branch" = ${branch} AND "commit" = ANY(${moved.map(({ commit }) => commit)})`

/** The cells of a branch that have an ended attempt of one of these commits. */
const cellsOf = (tx: Tx, { project, branch }: BranchKey, commits: string[]): Promise<ChangedCell[]> =>
  commits.length === 0
    ? Promise.resolve([])
    : tx.query<ChangedCell>`
        SELECT DISTINCT ${project} AS "projectName", ${''} AS "commit", ${branch} AS "branch", job."hostId", job."arch", job."variant"
          FROM "Build" build JOIN "Job" job ON job."buildId" = build."id"
         CROSS JOIN LATERAL (SELECT FROM "FinishedAttempt" WHERE "jobId" = job."id" LIMIT 1) ended
         WHERE build."projectName" = ${project} AND build."commit" = ANY(${commits}) AND ${ofBranch}`

/** The cells of a branch that show a commit which the branch does not contain any more. */
const cellsNotInBranch = (tx: Tx, { project, branch }: BranchKey) => tx.query<ChangedCell>`
  SELECT "projectName", "commit", "branch", "hostId", "arch", "variant" FROM "Cell" cell
   WHERE "projectName" = ${project} AND "branch" = ${branch}
     AND (SELECT true FROM "BranchCommit" held WHERE held."projectName" = cell."projectName"
             AND held."commit" = cell."commit" AND held."branch" = cell."branch" LIMIT 1) IS NULL`

/** Records that the history was read, unless a newer push requires another read. */
export async function markBranchRead({ db }: Context, { project, branch, wantedAt }: BranchToRead): Promise<void> {
  await db.models.branch.updateMany({
    where: { projectName: project, name: branch, historyWantedAt: wantedAt },
    data: { historyWantedAt: null },
  })
}

/**
 * Stores the default branch of a project's repository, so that the matrix follows it. `defaultBranch` is undefined if the
 * repository names none. Nothing changes if farm.yaml meanwhile names another repository.
 */
export async function recordDefaultBranch(
  context: Context,
  project: string,
  repository: string,
  defaultBranch: string | undefined,
): Promise<void> {
  await inTransaction(context, async tx => {
    const changed = await tx.execute`
      UPDATE "Project" SET "defaultBranch" = ${defaultBranch ?? null}
       WHERE "name" = ${project} AND "config" ->> 'repository' = ${repository}
         AND "defaultBranch" IS DISTINCT FROM ${defaultBranch ?? null}::text`
    if (changed > 0) tx.emit({ kind: 'history-changed', project })
  })
}

const retrySeconds = 300
const retryForSeconds = 86_400

/** The farm cannot read the history now. It tries again every five minutes, for a day after the push. */
export async function markBranchUnreadable(
  { db, now }: Context,
  { project, branch, wantedAt }: BranchToRead,
): Promise<void> {
  const at = now()
  await db.execute`
    UPDATE "Branch" SET "historyWantedAt" = CASE WHEN "pushedAt" > ${later(at, -retryForSeconds)}
                                              THEN ${later(at, retrySeconds)}::timestamptz END
     WHERE "projectName" = ${project} AND "name" = ${branch} AND "historyWantedAt" = ${wantedAt}`
}

/**
 * The repository has no branch of this name. If the farm assumed the name for a commit without a branch, the commits
 * and cells of the branch go to the repository's default branch. If a push named the branch, they stay.
 */
export async function markBranchMissing(
  context: Context,
  missing: BranchToRead,
  defaultBranch: string | undefined,
): Promise<void> {
  if (defaultBranch !== undefined && defaultBranch !== missing.branch)
    await inTransaction(context, tx => renameAssumed(tx, missing, defaultBranch, context.now()))
  await markBranchRead(context, missing)
}

async function renameAssumed(tx: Tx, { project, branch }: BranchKey, name: string, at: Date): Promise<void> {
  await lockWholeProject(tx, project)
  const renamed = await tx.execute`
    UPDATE "Branch" SET "name" = ${name}, "historyWantedAt" = ${at}
     WHERE "projectName" = ${project} AND "name" = ${branch} AND "assumed"
       AND NOT EXISTS (SELECT FROM "Branch" WHERE "projectName" = ${project} AND "name" <> ${branch})`
  if (renamed === 0) return
  await tx.execute`UPDATE "BranchCommit" SET "branch" = ${name} WHERE "projectName" = ${project} AND "branch" = ${branch}`
  await tx.execute`UPDATE "Cell" SET "branch" = ${name} WHERE "projectName" = ${project} AND "branch" = ${branch}`
  await tx.execute`UPDATE "Problem" SET "branch" = ${name} WHERE "projectName" = ${project} AND "branch" = ${branch}`
  await tx.execute`UPDATE "ProblemCell" SET "branch" = ${name} WHERE "projectName" = ${project} AND "branch" = ${branch}`
}
