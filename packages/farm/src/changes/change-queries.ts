import { attemptName, type CellState, type Verdict } from '@rumpfarm/contracts'
import { type BuildSummary, buildsOf } from '../builds/build-queries.ts'
import { type JobSummary, jobsOf } from '../builds/job-pages.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { isActive, isQueued } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'

/** A cell with its newest result. */
export interface CellSummary {
  project: string
  branch: string
  host: string
  arch: string
  variant: string
  state: CellState
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  flaky: boolean
  testsMissing: boolean
  attempt: string
  jobId: number
  buildId: number
  commit: string
  finishedAt: Date
  since: { jobId: number; buildId: number; commit: string; at: Date }
}

/** A cell of a removed host, of a deleted branch or of a removed project. The matrix no longer has it. */
export type RemovedCell = Pick<CellSummary, 'project' | 'branch' | 'host' | 'arch' | 'variant'>

export interface Changes {
  /** The farm's time before the queries. */
  at: Date
  builds: BuildSummary[]
  jobs: JobSummary[]
  cells: CellSummary[]
  removedCells: RemovedCell[]
  /** False if there are more changes than the limits allow. */
  complete: boolean
}

/** The largest numbers of rows of one answer. A busy farm ends about ten jobs per second. */
export const changesMax = { builds: 500, jobs: 2_000, cells: 4_000 } as const

/**
 * A transaction sets its times before it commits, and may take 15 s (db/pg-transaction.ts). The clocks of several
 * servers differ a little too. So each answer begins this long before the time that the caller names.
 */
const overlapSeconds = 30

/**
 * What changed since an earlier answer, in its present state: new builds, jobs that were queued, that a host claimed, or
 * that began or ended, the builds of these jobs, cells whose values changed or whose branch returned, and cells that left
 * the matrix. The caller passes `at` of the earlier answer; the default is the present time. The answers overlap, so that
 * no change is missing.
 */
export async function changesSince(context: Context, earlier?: Date): Promise<Changes> {
  const at = context.now()
  const since = later(earlier ?? at, -overlapSeconds)
  const [jobIds, newBuilds, written, returned, ...gone] = await Promise.all([
    changedJobs(context, since),
    newestBuilds(context, since),
    changedCells(context, since),
    cellsOfReturnedBranches(context, since),
    cellsOfRemovedHosts(context, since),
    cellsOfRemovedBranches(context, since),
  ])
  const cells = [...written, ...returned]
  const removedCells = gone.flat()
  const jobs = await jobsOf(context, jobIds.slice(0, changesMax.jobs))
  const buildIds = [...new Set([...newBuilds, ...jobs.map(({ buildId }) => buildId)])].sort((one, other) => one - other)
  const complete =
    jobIds.length <= changesMax.jobs &&
    buildIds.length <= changesMax.builds &&
    cells.length <= changesMax.cells &&
    removedCells.length <= changesMax.cells
  if (!complete) return { at, builds: [], jobs: [], cells: [], removedCells: [], complete }
  return { at, builds: await buildsOf(context, buildIds), jobs, cells, removedCells, complete }
}

async function changedJobs({ db }: Context, since: Date): Promise<number[]> {
  const rows = await db.query<{ id: number }>`
    (SELECT "jobId" AS "id" FROM "FinishedAttempt" WHERE "finishedAt" > ${since}
      ORDER BY "finishedAt" DESC LIMIT ${changesMax.jobs + 1})
    UNION
    (SELECT "jobId" FROM "OpenAttempt" WHERE ${isQueued} AND "queuedAt" > ${since}
      ORDER BY "queuedAt" DESC LIMIT ${changesMax.jobs + 1})
    UNION
    (SELECT "jobId" FROM "OpenAttempt"
      WHERE ${isActive} AND ("leasedAt" > ${since} OR "startedAt" > ${since})
      LIMIT ${changesMax.jobs + 1})
    ORDER BY 1`
  return rows.map(({ id }) => id)
}

/** The time of a build has no index, so this query looks only at the builds with the largest ids. */
async function newestBuilds({ db }: Context, since: Date): Promise<number[]> {
  const rows = await db.query<{ id: number }>`
    SELECT "id" FROM (SELECT "id", "createdAt" FROM "Build" ORDER BY "id" DESC LIMIT ${changesMax.builds + 1}) newest
     WHERE "createdAt" > ${since}`
  return rows.map(({ id }) => id)
}

type CellRow = Omit<CellSummary, 'attempt' | 'since'> & {
  number: number
  sinceJobId: number
  sinceBuildId: number
  sinceCommit: string
  sinceAt: Date
}

const isInMatrix = sql`host."removedAt" IS NULL
  AND NOT EXISTS (SELECT FROM "Branch" WHERE "projectName" = cell."projectName" AND "name" = cell."branch" AND "removedAt" IS NOT NULL)
  AND NOT EXISTS (SELECT FROM "Project" WHERE "name" = cell."projectName" AND "removedAt" IS NOT NULL)`

async function changedCells({ db }: Context, since: Date): Promise<CellSummary[]> {
  const rows = await db.query<CellRow>`
    SELECT ${cellColumns} FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId"
     WHERE cell."writtenAt" > ${since} AND ${isInMatrix} ORDER BY cell."writtenAt" LIMIT ${changesMax.cells + 1}`
  return rows.map(summaryOf)
}

const summaryOf = ({ number, sinceJobId, sinceBuildId, sinceCommit, sinceAt, ...cell }: CellRow): CellSummary => ({
  ...cell,
  attempt: attemptName({ jobId: cell.jobId, number }),
  since: { jobId: sinceJobId, buildId: sinceBuildId, commit: sinceCommit, at: sinceAt },
})

/** A push brought these branches back, so their cells are in the matrix again, also without a new value. */
async function cellsOfReturnedBranches({ db }: Context, since: Date): Promise<CellSummary[]> {
  const rows = await db.query<CellRow>`
    SELECT ${cellColumns} FROM "Branch" returned
      JOIN "Cell" cell ON cell."projectName" = returned."projectName" AND cell."branch" = returned."name"
      JOIN "Host" host ON host."id" = cell."hostId"
     WHERE returned."returnedAt" > ${since} AND cell."writtenAt" <= ${since} AND ${isInMatrix} LIMIT ${changesMax.cells + 1}`
  return rows.map(summaryOf)
}

/** The cells of the branches that were deleted, and of the projects that left farm.yaml. */
const cellsOfRemovedBranches = ({ db }: Context, since: Date): Promise<RemovedCell[]> => db.query<RemovedCell>`
  SELECT cell."projectName" AS "project", cell."branch", host."name" AS "host", cell."arch", cell."variant"
    FROM (SELECT "projectName", "name" AS "branch" FROM "Branch" WHERE "removedAt" > ${since}
          UNION
          SELECT branch."projectName", branch."name" FROM "Project" project JOIN "Branch" branch ON branch."projectName" = project."name"
           WHERE project."removedAt" > ${since} AND branch."removedAt" IS NULL) gone
    JOIN "Cell" cell ON cell."projectName" = gone."projectName" AND cell."branch" = gone."branch"
    JOIN "Host" host ON host."id" = cell."hostId"
   WHERE host."removedAt" IS NULL LIMIT ${changesMax.cells + 1}`

/** Reads the cells only if a host was removed, because they have no index for their host. */
async function cellsOfRemovedHosts({ db }: Context, since: Date): Promise<RemovedCell[]> {
  const hosts = await db.query<{ id: number }>`
    SELECT "id" FROM "Host" WHERE "removedAt" > ${since} LIMIT ${changesMax.cells + 1}`
  if (hosts.length === 0) return []
  return db.query<RemovedCell>`
    SELECT cell."projectName" AS "project", cell."branch", host."name" AS "host", cell."arch", cell."variant"
      FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId"
     WHERE cell."hostId" = ANY(${hosts.map(({ id }) => id)}) LIMIT ${changesMax.cells + 1}`
}

const cellColumns = sql`cell."projectName" AS "project", cell."branch", host."name" AS "host", cell."arch", cell."variant",
  cell."state", cell."verdict", cell."failedStep", cell."fingerprint", cell."flaky", cell."testsMissing", cell."number", cell."jobId",
  cell."buildId", cell."commit", cell."finishedAt", cell."sinceJobId", cell."sinceBuildId", cell."sinceCommit", cell."sinceAt"`
