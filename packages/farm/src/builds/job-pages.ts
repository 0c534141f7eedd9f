import { type AttemptState, attemptName, jobIdMax, type StepEnd, type Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { newestAttempt } from '../db/fragments.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { supersededBy } from '../queue/superseded.ts'
import { type JobFilter, wantedStatuses } from './job-filter.rule.ts'

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

/**
 * Jobs, newest first. Indexes alone find the ids of one page, and the query joins only these jobs with the other tables.
 * So the cost does not grow with the history: among 9.5 million jobs, a page of the active jobs took 84 s when the query
 * joined all jobs first. The caller has checked the filter with `refuseJobFilter`.
 */
export async function listJobs(context: Context, filter: JobFilter): Promise<JobSummary[]> {
  const hostId = filter.host === undefined ? undefined : await hostIdOf(context, filter.host)
  if (hostId === null) return []
  const rows = await context.db.query<JobRow>`${jobPage(filter, hostId)}`
  return summaries(rows, context.logs)
}

/** The jobs with these ids, in the order of their ids. */
export async function jobsOf({ db, logs }: Context, ids: readonly number[]): Promise<JobSummary[]> {
  if (ids.length === 0) return []
  const rows = await db.query<JobRow>`
    SELECT ${jobColumns} FROM "Job" job ${jobJoins} WHERE job."id" = ANY(${[...ids]}::bigint[]) ORDER BY job."id"`
  return summaries(rows, logs)
}

/**
 * The id of the host, or null if no host has this name. This is a query of its own, because with a sub-select
 * PostgreSQL's planner cannot estimate how many jobs the host has.
 */
async function hostIdOf({ db }: Context, name: string): Promise<number | null> {
  const host = await db.models.host.findUnique({ where: { name }, select: { id: true } })
  return host?.id ?? null
}

/** The query of one page. The planner expects few values in an array, so it reads each job by its primary key. */
export const jobPage = (filter: JobFilter, hostId: number | undefined): Sql => sql`
  SELECT ${jobColumns} FROM "Job" job ${jobJoins} WHERE job."id" = ANY(ARRAY(${pageOfIds(filter, hostId)}))
   ORDER BY job."id" DESC`

function pageOfIds(filter: JobFilter, hostId: number | undefined): Sql {
  if (filter.id !== undefined) return sql`SELECT ${filter.id}::bigint`
  if (filter.buildId !== undefined) return idsOfBuild(filter, hostId)
  if (isUnfiltered(filter))
    return sql`SELECT job."id" FROM "Job" job WHERE ${before(filter)} ORDER BY job."id" DESC LIMIT ${filter.limit}`
  const { ended, open } = wantedStatuses(filter.status)
  const sources = [
    ...(ended.length > 0 ? [endedIds(filter, hostId, ended)] : []),
    ...(open.length > 0 ? [openIds(filter, hostId, open)] : []),
  ]
  return sql`SELECT found."id" FROM (${join(sources, ' UNION ALL ')}) found ORDER BY found."id" DESC LIMIT ${filter.limit}`
}

const isUnfiltered = ({ project, host, arch, variant, status }: JobFilter): boolean =>
  [project, host, arch, variant, status].every(value => value === undefined)

const before = (filter: JobFilter): Sql => sql`job."id" < ${filter.before ?? jobIdMax}`

/**
 * The newest ended jobs of each project and verdict: each is one read of an index that ends with the id. A farm has at most
 * 200 active projects and six verdicts, so this is a limited number of reads.
 */
const endedIds = (filter: JobFilter, hostId: number | undefined, statuses: readonly string[]): Sql => sql`
  (SELECT newest."id" FROM (SELECT "name" FROM "Project" WHERE ${ofProject(filter)}) project
    CROSS JOIN unnest(${[...statuses]}::text[]) AS wanted("status")
    CROSS JOIN LATERAL (
      SELECT job."id" FROM "Job" job
       WHERE job."projectName" = project."name" AND job."status" = wanted."status" AND job."status" <> 'open'
         AND ${join([before(filter), ...ofJob(filter, hostId)], ' AND ')}
       ORDER BY job."id" DESC LIMIT ${filter.limit}) newest)`

/**
 * The newest open jobs. The number of open attempts limits what PostgreSQL reads, and not the history: OFFSET 0 makes it look
 * up the job of each attempt. Otherwise it can merge both tables in the order of their ids, and read all jobs of the farm.
 */
function openIds(filter: JobFilter, hostId: number | undefined, states: readonly string[]): Sql {
  const { project, before = jobIdMax, limit } = filter
  const wanted = [sql`a."state" = ANY(${[...states]}::text[])`, sql`a."jobId" < ${before}`]
  if (hostId !== undefined) wanted.push(sql`a."hostId" = ${hostId}`)
  if (project !== undefined) wanted.push(sql`a."projectName" = ${project}`)
  const wantedJob = ofJob(filter, undefined)
  const job = sql`CROSS JOIN LATERAL (
        SELECT FROM "Job" job WHERE ${join([sql`job."id" = a."jobId"`, ...wantedJob], ' AND ')} OFFSET 0) job`
  return sql`
    (SELECT a."jobId" AS "id" FROM "OpenAttempt" a ${wantedJob.length > 0 ? job : sql``}
      WHERE ${join(wanted, ' AND ')} ORDER BY a."jobId" DESC LIMIT ${limit})`
}

/** All filters of one build: it has at most hosts × arches × variants jobs. */
function idsOfBuild(filter: JobFilter, hostId: number | undefined): Sql {
  const { buildId, project, status } = filter
  const wanted = [sql`job."buildId" = ${buildId}`, before(filter), ...ofJob(filter, hostId)]
  if (project !== undefined) wanted.push(sql`job."projectName" = ${project}`)
  if (status !== undefined) wanted.push(ofStatus(status))
  return sql`SELECT job."id" FROM "Job" job WHERE ${join(wanted, ' AND ')} ORDER BY job."id" DESC LIMIT ${filter.limit}`
}

function ofStatus(status: string): Sql {
  const { ended, open } = wantedStatuses(status)
  if (ended.length > 0) return sql`job."status" = ANY(${[...ended]}::text[])`
  return sql`job."status" = 'open' AND EXISTS (
    SELECT FROM "OpenAttempt" a WHERE a."jobId" = job."id" AND a."state" = ANY(${[...open]}::text[]))`
}

const ofProject = ({ project }: JobFilter): Sql => (project === undefined ? sql`true` : sql`"name" = ${project}`)

function ofJob({ arch, variant }: JobFilter, hostId: number | undefined): Sql[] {
  const wanted: Sql[] = []
  if (hostId !== undefined) wanted.push(sql`job."hostId" = ${hostId}`)
  if (arch !== undefined) wanted.push(sql`job."arch" = ${arch}`)
  if (variant !== undefined) wanted.push(sql`job."variant" = ${variant}`)
  return wanted
}

type JobRow = Omit<JobSummary, 'attempt'> & { number: number }

async function summaries(rows: JobRow[], logs: Context['logs']): Promise<JobSummary[]> {
  // While a job runs, only the stored log shows the size. When the job finishes, the farm writes the size to the row.
  const running = rows.filter(({ state }) => state === 'running')
  const sizes = running.length === 0 ? [] : await logs.sizes(running.map(attemptOf))
  const sizeOf = new Map(running.map(({ id }, index) => [id, sizes[index]]))
  return rows.map(row => {
    const { number: _, ...job } = row
    return { ...job, logBytes: sizeOf.get(row.id) ?? row.logBytes, attempt: attemptName(attemptOf(row)) }
  })
}

const attemptOf = ({ id, number }: JobRow) => ({ jobId: id, number })

const withoutResult = (column: Sql) => sql`CASE WHEN a."verdict" IN ('cancelled', 'lost', 'broken') THEN ${column} END`

const jobColumns = sql`job."id", job."buildId", job."projectName" AS "project", build."commit",
  host."name" AS "host", job."arch", job."variant", a."number", a."state", a."verdict", a."failedStep", a."queuedAt",
  a."startedAt", a."finishedAt", a."steps", a."logBytes", ${withoutResult(sql`a."reason"`)} AS "reason",
  ${withoutResult(sql`a."detail"`)} AS "detail", ${supersededBy} AS "supersededBy"`
const jobJoins = sql`JOIN "Build" build ON build."id" = job."buildId" JOIN "Host" host ON host."id" = job."hostId"
  JOIN ${newestAttempt} a ON true`
