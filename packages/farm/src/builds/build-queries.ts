import {
  type AttemptState,
  attemptName,
  attemptStates,
  type BuildCause,
  type BuildKind,
  type StepEnd,
  type Verdict,
} from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { isOpen, newestAttempt } from '../db/fragments.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { withoutSecret } from '../projects/addresses.rule.ts'
import { supersededBy } from '../queue/superseded.ts'
import type { PreparedSource } from './prepared-source.ts'

/** A job with the state of its newest attempt. */
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
  /** Why the newest attempt ended without a result: one word, and one sentence for people. Otherwise null. */
  reason: string | null
  detail: string | null
  /** The newer build that made the newest attempt unnecessary; otherwise null. */
  supersededBy: number | null
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
  /** Only a build of the kind `branch` changes cells. */
  kind: BuildKind
  /** Why the build was requested first, and one line about it for people. */
  cause: BuildCause
  causeDetail: string | null
  /** The tag of a build of the kind `tag`; otherwise null. */
  tag: string | null
  /** The farm's id of the pull request, for a build of the kind `pull-request`; otherwise null. */
  pullRequestId: number | null
  /** The code comes from somebody who cannot push to the repository. */
  fork: boolean
  sources: 'pending' | 'ready' | 'failed'
  /** Why the sources of the build are not available: git's message. */
  problem: string | null
  /** The branch with which the pull request of the build conflicts, so that nothing was built; otherwise null. */
  conflictsWith: string | null
  /** When the farm tries again to prepare the sources; null if it does not wait. */
  sourcesNextAt: Date | null
  /** The number of the bisection whose probes the build runs. Null for a build of a push, schedule or person. */
  bisection: number | null
  /** The number of jobs in each state. Finished jobs are counted by verdict. */
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
  /** Only jobs with this status: `active`, a state or a verdict. */
  status?: string | undefined
  /** The cursor: the list has only jobs with a smaller id. */
  before?: number | undefined
  limit: number
}

/**
 * Jobs, newest first. An index finds the ids of one page, and the query joins only these jobs with the other tables.
 * When the query joined all jobs first, a page of the active jobs among 9.5 million jobs took 84 s, and a page of the
 * jobs of an old host took 11 s.
 */
export async function listJobs(context: Context, filter: JobFilter): Promise<JobSummary[]> {
  const { db, logs } = context
  const hostId = filter.host === undefined ? undefined : await hostIdOf(context, filter.host)
  if (hostId === null) return []
  const rows = await db.query<JobRow>`
    SELECT ${jobColumns} FROM (${pageOfIds(filter, hostId)}) AS page JOIN "Job" job ON job."id" = page."id" ${jobJoins}
     ORDER BY job."id" DESC`
  return rows.map(row => jobOf(row, logs))
}

/** The jobs with these ids, in the order of their ids. */
export async function jobsOf({ db, logs }: Context, ids: readonly number[]): Promise<JobSummary[]> {
  if (ids.length === 0) return []
  const rows = await db.query<JobRow>`
    SELECT ${jobColumns} FROM "Job" job ${jobJoins} WHERE job."id" = ANY(${[...ids]}::int[]) ORDER BY job."id"`
  return rows.map(row => jobOf(row, logs))
}

/**
 * The id of the host, or null if no host has this name. This is a query of its own, because with a sub-select
 * PostgreSQL's planner cannot estimate how many jobs the host has.
 */
async function hostIdOf({ db }: Context, name: string): Promise<number | null> {
  const host = await db.models.host.findUnique({ where: { name }, select: { id: true } })
  return host?.id ?? null
}

function pageOfIds(filter: JobFilter, hostId: number | undefined): Sql {
  const wanted = join(conditions(filter, hostId), ' AND ')
  const open =
    filter.status === 'active' || attemptStates.some(state => state !== 'finished' && state === filter.status)
  const newest = open
    ? sql`"Attempt" a JOIN "Job" job ON job."id" = a."jobId" AND ${isOpen}`
    : sql`"Job" job JOIN ${newestAttempt} a ON true`
  const order = open ? sql`a."jobId"` : sql`job."id"`
  return sql`SELECT job."id" FROM ${newest} JOIN "Build" build ON build."id" = job."buildId"
    WHERE ${wanted} ORDER BY ${order} DESC LIMIT ${filter.limit}`
}

type JobRow = Omit<JobSummary, 'attempt'> & { number: number }

function jobOf({ number, ...row }: JobRow, logs: Context['logs']): JobSummary {
  const attempt = { jobId: row.id, number }
  // While the job runs, only the log file shows the size. When the job finishes, the farm writes the size to the row.
  const logBytes = row.state === 'running' ? logs.size(attempt) : row.logBytes
  return { ...row, logBytes, attempt: attemptName(attempt) }
}

const withoutResult = (column: Sql) => sql`CASE WHEN a."verdict" IN ('cancelled', 'lost', 'broken') THEN ${column} END`

const jobColumns = sql`job."id", job."buildId", build."projectName" AS "project", build."commit",
  host."name" AS "host", job."arch", job."variant", a."number", a."state", a."verdict", a."failedStep", a."queuedAt",
  a."startedAt", a."finishedAt", a."steps", a."logBytes", ${withoutResult(sql`a."reason"`)} AS "reason",
  ${withoutResult(sql`a."detail"`)} AS "detail", ${supersededBy} AS "supersededBy"`
const jobJoins = sql`JOIN "Build" build ON build."id" = job."buildId" JOIN "Host" host ON host."id" = job."hostId"
  JOIN ${newestAttempt} a ON true`

function conditions(filter: JobFilter, hostId: number | undefined): Sql[] {
  const { id, buildId, project, arch, variant, status, before } = filter
  const wanted = [sql`true`]
  if (id !== undefined) wanted.push(sql`job."id" = ${id}`)
  if (buildId !== undefined) wanted.push(sql`job."buildId" = ${buildId}`)
  if (project !== undefined) wanted.push(sql`build."projectName" = ${project}`)
  if (hostId !== undefined) wanted.push(sql`job."hostId" = ${hostId}`)
  if (arch !== undefined) wanted.push(sql`job."arch" = ${arch}`)
  if (variant !== undefined) wanted.push(sql`job."variant" = ${variant}`)
  if (before !== undefined) wanted.push(sql`job."id" < ${before}`)
  if (status !== undefined && status !== 'active') wanted.push(sql`(a."state" = ${status} OR a."verdict" = ${status})`)
  return wanted
}

type BuildRow = Omit<BuildSummary, 'counts' | 'problem' | 'conflictsWith'> & {
  sourcesInfo: unknown
  counts: BuildSummary['counts'] | null
}

export interface BuildFilter {
  project?: string | undefined
  /** False: without the builds of bisections. */
  probes?: boolean | undefined
  /** Only builds with a smaller number. */
  before?: number | undefined
  limit: number
}

/** Builds, newest first, of one project or of all. */
export async function listBuilds({ db }: Context, filter: BuildFilter): Promise<BuildSummary[]> {
  const rows = await db.query<BuildRow>`
    SELECT ${buildColumns} FROM "Build" build
     WHERE (${filter.project ?? null}::text IS NULL OR build."projectName" = ${filter.project ?? null})
       AND build."id" < ${filter.before ?? 2147483647}
       AND (${filter.probes ?? true} OR build."cause" <> 'bisection')
     ORDER BY build."id" DESC LIMIT ${filter.limit}`
  return rows.map(buildOf)
}

/** The number of a build, or the start of a commit. Other texts find nothing. */
const searched = /^#?(\d{1,9})$|^([0-9a-f]{4,40})$/i

/**
 * The newest builds with this number, or with a commit that starts with this text. Indexes of the number and of the commit
 * answer it, so its cost does not grow with the history.
 */
export async function searchBuilds(
  { db }: Context,
  { text, project, limit }: { text: string; project?: string | undefined; limit: number },
): Promise<BuildSummary[]> {
  if (!searched.test(text)) return []
  const id = /^#?\d{1,9}$/.test(text) ? Number(text.replace('#', '')) : 0
  const commit = text.startsWith('#') ? '' : text.toLowerCase()
  // Commits have only the characters 0-9 and a-f, so `g` is after each of them.
  const rows = await db.query<BuildRow>`
    SELECT ${buildColumns} FROM "Build" build WHERE build."id" IN (
      SELECT ${id}::int
       UNION ALL
      (SELECT found."id" FROM (SELECT "name" FROM "Project" WHERE ${project ?? null}::text IS NULL OR "name" = ${project ?? null}) named
        CROSS JOIN LATERAL (SELECT "id" FROM "Build" WHERE "projectName" = named."name" AND ${commit.length >= 4}
                               AND "commit" >= ${commit} AND "commit" < ${`${commit}g`}
                             ORDER BY "id" DESC LIMIT ${limit}) found))
       AND (${project ?? null}::text IS NULL OR build."projectName" = ${project ?? null})
     ORDER BY build."id" DESC LIMIT ${limit}`
  return rows.map(buildOf)
}

/** The builds with these ids, in the order of their ids. */
export async function buildsOf({ db }: Context, ids: readonly number[]): Promise<BuildSummary[]> {
  if (ids.length === 0) return []
  const rows = await db.query<BuildRow>`
    SELECT ${buildColumns} FROM "Build" build WHERE build."id" = ANY(${[...ids]}::int[]) ORDER BY build."id"`
  return rows.map(buildOf)
}

const buildColumns = sql`build."id", build."projectName" AS "project", build."commit", build."branch", build."subject",
  build."author", build."createdAt", build."kind", build."cause", build."causeDetail", build."tag", build."pullRequestId", build."fork",
  build."sources", build."sourcesInfo", build."sourcesNextAt",
  substring(build."reason" FROM '^bisect ([0-9]{1,9})$')::int AS "bisection",
  (SELECT jsonb_object_agg("status", "jobs") FROM (
     SELECT COALESCE(a."verdict", a."state") AS "status", count(*)::int AS "jobs"
       FROM "Job" job JOIN ${newestAttempt} a ON true
      WHERE job."buildId" = build."id" GROUP BY 1) counted) AS "counts"`

function buildOf({ sourcesInfo, counts, ...row }: BuildRow): BuildSummary {
  const failed = row.sources === 'ready' ? null : (sourcesInfo as { problem?: string; conflictsWith?: string } | null)
  const { problem = null, conflictsWith = null } = failed ?? {}
  return { ...row, problem, conflictsWith, counts: counts ?? {} }
}

/** A limit that no build reaches, because a build has at most hosts × arches × variants jobs. */
const jobsOfBuildMax = 10_000

export async function findBuild(context: Context, id: number): Promise<BuildView | undefined> {
  const { db } = context
  const [row] = await db.query<BuildRow>`SELECT ${buildColumns} FROM "Build" build WHERE build."id" = ${id}`
  if (!row) return undefined
  const [jobs, pushes] = await Promise.all([
    listJobs(context, { buildId: id, limit: jobsOfBuildMax }),
    db.models.push.findMany({
      where: { buildId: id },
      select: { source: true, branch: true, receivedAt: true },
      orderBy: { id: 'asc' },
      take: 100,
    }),
  ])
  const prepared = row.sources === 'ready' ? ((row.sourcesInfo as PreparedSource[] | null) ?? []) : []
  return { ...buildOf(row), preparedSources: prepared.map(withoutSecret), pushes, jobs: jobs.reverse() }
}
