import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { Prisma, type Tx } from '../db/client.ts'
import { type ChangedCell, deriveCells, lockProject } from './cells.ts'
import { type PlacedCommit, placeCommits } from './positions.rule.ts'

export interface WantedLine {
  project: string
  branch: string
  wantedAt: Date
}

/** Branches whose first-parent lines are to be read now: of one project, or of all; at most `limit`, oldest first. */
export async function linesToRead({ db, now }: Context, project?: string, limit = 100): Promise<WantedLine[]> {
  const rows = await db.branch.findMany({
    where: { lineWantedAt: { lte: now() }, ...(project === undefined ? {} : { projectName: project }) },
    select: { projectName: true, name: true, lineWantedAt: true },
    orderBy: { lineWantedAt: 'asc' },
    take: limit,
  })
  return rows.map(({ projectName, name, lineWantedAt }) => ({
    project: projectName,
    branch: name,
    wantedAt: lineWantedAt as Date,
  }))
}

export interface BranchLine {
  project: string
  branch: string
  /** Newest commit first. */
  commits: string[]
  /** Whether all commits of the line are here. */
  complete: boolean
}

/** Looked at for what a new line removes; what is older than that stays where it is. */
const knownMax = 1000

/** A finish of the project waits while so many of its cells are derived: some tens of milliseconds. */
const cellsAtOnce = 50

/**
 * Gives the built commits of a branch the positions that its line has now, and derives the cells of every commit that moved,
 * came or went. Repeating it changes nothing; where it was interrupted, repeating it does the rest.
 */
export async function placeLine({ db, publish }: Context, line: BranchLine): Promise<void> {
  const { moved, removed, changed } = await db.$transaction(tx => writeLine(tx, line))
  for (let from = 0; from < changed.length; from += cellsAtOnce) {
    await db.$transaction(async tx => {
      await haveProjectAlone(tx, line.project)
      await deriveCells(tx, changed.slice(from, from + cellsAtOnce), 'all')
    })
  }
  if (moved.length > 0) await settle(db, line, moved)
  if (moved.length + removed.length + changed.length > 0) publish({ kind: 'placed', project: line.project })
}

interface Written {
  moved: Moved[]
  removed: string[]
  changed: ChangedCell[]
}

/** From its end on, a finish takes the new positions into account by itself. */
async function writeLine(tx: Tx, line: BranchLine): Promise<Written> {
  const { project, branch, commits, complete } = line
  await haveProjectAlone(tx, project)
  const known = await knownCommits(tx, project, branch)
  const built = await builtCommits(tx, project, commits)
  const placing = placeCommits(known, { commits, complete, built })
  const { removed } = placing
  const moved = movedCommits(known, placing.positions)
  await writePositions(tx, line, moved, removed)
  const names = [...moved.map(({ commit }) => commit), ...removed]
  return { moved, removed, changed: [...(await cellsOf(tx, line, names)), ...(await cellsWithoutPlace(tx, line))] }
}

const haveProjectAlone = (tx: Tx, project: string) =>
  tx.$queryRaw`SELECT ${lockProject} AS "lock" FROM (SELECT ${project}::text AS "projectName") project`

const knownCommits = (tx: Tx, project: string, branch: string): Promise<PlacedCommit[]> =>
  tx.branchCommit.findMany({
    where: { projectName: project, branch },
    select: { commit: true, position: true, settled: true },
    orderBy: { position: 'desc' },
    take: knownMax,
  })

async function builtCommits(tx: Tx, project: string, commits: string[]): Promise<Set<string>> {
  const rows = await tx.build.findMany({
    where: { projectName: project, commit: { in: commits } },
    select: { commit: true },
    distinct: ['commit'],
  })
  return new Set(rows.map(({ commit }) => commit))
}

interface Moved {
  commit: string
  position: number
}

function movedCommits(known: readonly PlacedCommit[], positions: ReadonlyMap<string, number>): Moved[] {
  const before = new Map(known.map(place => [place.commit, place]))
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
    await tx.$executeRaw`
      INSERT INTO "BranchCommit" ("projectName", "branch", "commit", "position", "settled")
      SELECT ${project}, ${branch}, "commit", "position", false
        FROM unnest(${moved.map(({ commit }) => commit)}::text[], ${moved.map(({ position }) => position)}::int[])
          AS moved("commit", "position")
      ON CONFLICT ("projectName", "commit", "branch") DO UPDATE SET "position" = EXCLUDED."position", "settled" = false`
  }
  if (removed.length > 0)
    await tx.branchCommit.deleteMany({ where: { projectName: project, branch, commit: { in: removed } } })
}

/** Only now, so that an interrupted derivation begins again. */
const settle = ({ branchCommit }: Context['db'], { project, branch }: BranchKey, moved: Moved[]) =>
  branchCommit.updateMany({
    where: { projectName: project, branch, commit: { in: moved.map(({ commit }) => commit) } },
    data: { settled: true },
  })

/** The cells of a branch to which these commits gave an attempt that has ended. */
const cellsOf = (tx: Tx, { project, branch }: BranchKey, commits: string[]): Promise<ChangedCell[]> =>
  commits.length === 0
    ? Promise.resolve([])
    : tx.$queryRaw<ChangedCell[]>`
        SELECT DISTINCT ${project} AS "projectName", ${''} AS "commit", ${branch} AS "branch", job."hostId", job."arch", job."variant"
          FROM "Build" build JOIN "Job" job ON job."buildId" = build."id"
         CROSS JOIN LATERAL (SELECT FROM "Attempt" WHERE "jobId" = job."id" AND "state" = 'finished' LIMIT 1) ended
         WHERE build."projectName" = ${project} AND build."commit" IN (${Prisma.join(commits)})`

/** The cells of a branch that show a commit which the branch no longer holds. */
const cellsWithoutPlace = (tx: Tx, { project, branch }: BranchKey) => tx.$queryRaw<ChangedCell[]>`
  SELECT "projectName", "commit", "branch", "hostId", "arch", "variant" FROM "Cell" cell
   WHERE "projectName" = ${project} AND "branch" = ${branch}
     AND (SELECT true FROM "BranchCommit" place WHERE place."projectName" = cell."projectName"
             AND place."commit" = cell."commit" AND place."branch" = cell."branch" LIMIT 1) IS NULL`

/** The line was read, and was not wanted again meanwhile. */
export async function lineRead({ db }: Context, { project, branch, wantedAt }: WantedLine): Promise<void> {
  await db.branch.updateMany({
    where: { projectName: project, name: branch, lineWantedAt: wantedAt },
    data: { lineWantedAt: null },
  })
}

const lineRetrySeconds = 300
const lineRetryForSeconds = 86_400

/** The line cannot be read now: it is tried again every five minutes for a day after the push. */
export async function lineUnreadable({ db, now }: Context, { project, branch, wantedAt }: WantedLine): Promise<void> {
  const at = now()
  await db.$executeRaw`
    UPDATE "Branch" SET "lineWantedAt" = CASE WHEN "pushedAt" > ${later(at, -lineRetryForSeconds)}
                                              THEN ${later(at, lineRetrySeconds)}::timestamptz END
     WHERE "projectName" = ${project} AND "name" = ${branch} AND "lineWantedAt" = ${wantedAt}`
}

/**
 * The repository has no such branch. A name that was only a guess, for a commit that was built without one, gives way to the
 * branch that the repository calls its default, with all that it has; a branch that was pushed once stays as it was.
 */
export async function branchMissing(
  context: Context,
  line: WantedLine,
  defaultBranch: string | undefined,
): Promise<void> {
  const { project, branch } = line
  await context.db.$transaction(async tx => {
    await haveProjectAlone(tx, project)
    const others = await tx.branch.count({ where: { projectName: project, name: { not: branch } } })
    if (others > 0 || defaultBranch === undefined || defaultBranch === branch) return
    const renamed = await tx.branch.updateMany({
      where: { projectName: project, name: branch, guessed: true },
      data: { name: defaultBranch, lineWantedAt: context.now() },
    })
    if (renamed.count === 0) return
    const where = { projectName: project, branch }
    await tx.branchCommit.updateMany({ where, data: { branch: defaultBranch } })
    await tx.cell.updateMany({ where, data: { branch: defaultBranch } })
  })
  await lineRead(context, line)
}
