import { type AttemptState, attemptName, type StepEnd, type Verdict } from '@rumpfarm/contracts'
import { Prisma } from '../db.ts'
import type { Ground } from '../ground.ts'
import type { PreparedSource } from '../verbs/sources.ts'

/** A job as its newest attempt shows it. */
export interface JobSummary {
  id: number
  buildId: number
  project: string
  commit: string
  host: string
  arch: string
  variant: string
  attempt: string
  state: AttemptState
  verdict: Verdict | null
  failedStep: string | null
  queuedAt: Date
  startedAt: Date | null
  finishedAt: Date | null
  steps: (StepEnd & { name: string })[]
  logBytes: number
}

export interface BuildSummary {
  id: number
  project: string
  commit: string
  branch: string | null
  subject: string | null
  author: string | null
  createdAt: Date
  sources: 'pending' | 'ready' | 'failed'
  /** Why its sources cannot be had: git's own message. */
  problem: string | null
  /** How many of its jobs are in each state or, if finished, of each verdict. */
  counts: Partial<Record<Exclude<AttemptState, 'finished'> | Verdict, number>>
}

export interface BuildView extends BuildSummary {
  preparedSources: PreparedSource[]
  pushes: { source: string; branch: string | null; receivedAt: Date }[]
  jobs: JobSummary[]
}

export interface JobFilter {
  id?: number | undefined
  buildId?: number | undefined
  project?: string | undefined
  host?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
  /** `active`, a state, or a verdict. */
  status?: string | undefined
  /** Jobs with a smaller id only: the cursor. */
  before?: number | undefined
  limit: number
}

/** Jobs, newest first. */
export async function listJobs({ db, logs }: Ground, filter: JobFilter): Promise<JobSummary[]> {
  const rows = await db.$queryRaw<JobRow[]>`
    SELECT ${jobColumns} FROM ${jobTables} WHERE ${Prisma.join(conditions(filter), ' AND ')}
     ORDER BY job."id" DESC LIMIT ${filter.limit}`
  return rows.map(row => jobOf(row, logs))
}

type JobRow = Omit<JobSummary, 'attempt'> & { number: number }

function jobOf({ number, ...row }: JobRow, logs: Ground['logs']): JobSummary {
  const attempt = { jobId: row.id, number }
  // The row learns the log's length with the finish; until then its file has it.
  const logBytes = row.state === 'running' ? logs.size(attempt) : row.logBytes
  return { ...row, logBytes, attempt: attemptName(attempt) }
}

const jobColumns = Prisma.sql`job."id", job."buildId", build."projectName" AS "project", build."commit",
  host."name" AS "host", job."arch", job."variant", a."number", a."state", a."verdict", a."failedStep", a."queuedAt",
  a."startedAt", a."finishedAt", a."steps", a."logBytes"`
const jobTables = Prisma.sql`"Job" job JOIN "Build" build ON build."id" = job."buildId"
  JOIN "Host" host ON host."id" = job."hostId" JOIN LATERAL
  (SELECT * FROM "Attempt" WHERE "jobId" = job."id" ORDER BY "number" DESC LIMIT 1) a ON true`

function conditions(filter: JobFilter): Prisma.Sql[] {
  const { id, buildId, project, host, arch, variant, status, before } = filter
  const wanted = [Prisma.sql`true`]
  if (id !== undefined) wanted.push(Prisma.sql`job."id" = ${id}`)
  if (buildId !== undefined) wanted.push(Prisma.sql`job."buildId" = ${buildId}`)
  if (project !== undefined) wanted.push(Prisma.sql`build."projectName" = ${project}`)
  if (host !== undefined) wanted.push(Prisma.sql`host."name" = ${host}`)
  if (arch !== undefined) wanted.push(Prisma.sql`job."arch" = ${arch}`)
  if (variant !== undefined) wanted.push(Prisma.sql`job."variant" = ${variant}`)
  if (before !== undefined) wanted.push(Prisma.sql`job."id" < ${before}`)
  if (status === 'active') wanted.push(Prisma.sql`a."state" <> 'finished'`)
  else if (status !== undefined) wanted.push(Prisma.sql`(a."state" = ${status} OR a."verdict" = ${status})`)
  return wanted
}

type BuildRow = Omit<BuildSummary, 'counts' | 'problem'> & {
  sourcesInfo: unknown
  counts: BuildSummary['counts'] | null
}

/** Builds, newest first, of one project or of all. */
export async function listBuilds(
  { db }: Ground,
  filter: { project?: string | undefined; before?: number | undefined; limit: number },
): Promise<BuildSummary[]> {
  const rows = await db.$queryRaw<BuildRow[]>`
    SELECT ${buildColumns} FROM "Build" build
     WHERE (${filter.project ?? null}::text IS NULL OR build."projectName" = ${filter.project ?? null})
       AND build."id" < ${filter.before ?? 2147483647}
     ORDER BY build."id" DESC LIMIT ${filter.limit}`
  return rows.map(buildOf)
}

const buildColumns = Prisma.sql`build."id", build."projectName" AS "project", build."commit", build."branch", build."subject",
  build."author", build."createdAt", build."sources", build."sourcesInfo",
  (SELECT jsonb_object_agg("word", "jobs") FROM (
     SELECT COALESCE(a."verdict", a."state") AS "word", count(*)::int AS "jobs"
       FROM "Job" job JOIN LATERAL
            (SELECT * FROM "Attempt" WHERE "jobId" = job."id" ORDER BY "number" DESC LIMIT 1) a ON true
      WHERE job."buildId" = build."id" GROUP BY 1) counted) AS "counts"`

function buildOf({ sourcesInfo, counts, ...row }: BuildRow): BuildSummary {
  const problem = row.sources === 'failed' ? ((sourcesInfo as { problem?: string } | null)?.problem ?? null) : null
  return { ...row, problem, counts: counts ?? {} }
}

/** More than a build can have: hosts × arches × variants. */
const jobsOfBuildMax = 10_000

export async function findBuild(ground: Ground, id: number): Promise<BuildView | undefined> {
  const { db } = ground
  const [row] = await db.$queryRaw<BuildRow[]>`SELECT ${buildColumns} FROM "Build" build WHERE build."id" = ${id}`
  if (!row) return undefined
  const [jobs, pushes] = await Promise.all([
    listJobs(ground, { buildId: id, limit: jobsOfBuildMax }),
    db.push.findMany({
      where: { buildId: id },
      select: { source: true, branch: true, receivedAt: true },
      orderBy: { id: 'asc' },
      take: 100,
    }),
  ])
  const prepared = row.sources === 'ready' ? ((row.sourcesInfo as PreparedSource[] | null) ?? []) : []
  return { ...buildOf(row), preparedSources: prepared, pushes, jobs: jobs.reverse() }
}
