import type { AttemptState, BuildCause, BuildKind, Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { newestAttempt } from '../db/fragments.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { withoutSecret } from '../projects/addresses.rule.ts'
import { type JobSummary, listJobs } from './job-pages.ts'
import type { PreparedSource } from './prepared-source.ts'

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
  const rows = await db.query<BuildRow>`${buildPage(filter)}`
  return rows.map(buildOf)
}

/**
 * The query of one page. Each combination of filters is a statement of its own, so that an index finds the ids of the page
 * alone.
 */
export function buildPage({ project, probes = true, before, limit }: BuildFilter): Sql {
  const wanted = [sql`build."id" < ${before ?? 2147483647}`]
  if (project !== undefined) wanted.push(sql`build."projectName" = ${project}`)
  if (!probes) wanted.push(sql`build."cause" <> 'bisection'`)
  return sql`
    SELECT ${buildColumns} FROM "Build" build WHERE build."id" = ANY(ARRAY(
      SELECT build."id" FROM "Build" build WHERE ${join(wanted, ' AND ')} ORDER BY build."id" DESC LIMIT ${limit}))
     ORDER BY build."id" DESC`
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
     SELECT "status", count(*)::int AS "jobs" FROM "Job" WHERE "buildId" = build."id" AND "status" <> 'open' GROUP BY 1
      UNION ALL
     SELECT a."state", count(*)::int FROM "Job" job JOIN ${newestAttempt} a ON true
      WHERE job."buildId" = build."id" AND job."status" = 'open' GROUP BY 1) counted) AS "counts"`

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
