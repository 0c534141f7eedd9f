import type { Context } from '../context.ts'
import { branchOfJob, isQueued, ofBranch } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'
import type { LongestWait } from './news.rule.ts'

/** With a filter, the farm looks at no more waiting jobs than these, the oldest first. */
const waitingMax = 5_000
/** The farm looks for jobs that wait for sources in the oldest builds without sources. */
const pendingBuildsMax = 100

export interface WaitFilter {
  project?: string | undefined
  branch?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
  /** The names of the hosts; undefined for all hosts. */
  hosts?: readonly string[] | undefined
}

/** The index `open_attempts_in_order` has this order. */
const queued = sql`
  SELECT "jobId", "queuedAt" FROM "OpenAttempt" WHERE ${isQueued} AND "purpose" <> 'probe'
   ORDER BY "queuedAt", "jobId" LIMIT ${waitingMax}`

/** No index has the jobs that wait for sources. The index `builds_to_prepare` has their builds. */
const withoutSources = sql`
  SELECT waiting."jobId", waiting."queuedAt"
    FROM (SELECT "id" FROM "Build" WHERE "sources" = 'pending' ORDER BY "id" LIMIT ${pendingBuildsMax}) pending
    JOIN "Job" ON "Job"."buildId" = pending."id"
    JOIN "OpenAttempt" waiting ON waiting."jobId" = "Job"."id" AND waiting."state" = 'waiting'
   ORDER BY waiting."queuedAt", waiting."jobId" LIMIT ${waitingMax}`

/**
 * The job that waits longest. Each cell can have several waiting jobs, one for each commit, and all of them count. The
 * probes of bisections do not count, because they let all other jobs run first. Tags, pull requests and tries have no
 * cells.
 */
export async function longestWait({ db }: Context, filter: WaitFilter): Promise<LongestWait | null> {
  const rows = await db.query<LongestWait>`${waitQuery(filter)}`
  return rows.reduce<LongestWait | null>((one, other) => (one && one.since <= other.since ? one : other), null)
}

export const waitQuery = (filter: WaitFilter): Sql =>
  sql`(${firstOf(queued, filter)}) UNION ALL (${firstOf(withoutSources, filter)})`

const firstOf = (waiting: Sql, { project, branch, arch, variant, hosts }: WaitFilter): Sql => sql`
  SELECT a."jobId", host."name" AS "host", job."arch", a."queuedAt" AS "since"
    FROM (${waiting}) a JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
    JOIN "Host" host ON host."id" = job."hostId"
   WHERE host."removedAt" IS NULL AND ${ofBranch}
     AND (${project ?? null}::text IS NULL OR build."projectName" = ${project ?? null})
     AND (${branch ?? null}::text IS NULL OR ${branchOfJob} = ${branch ?? null})
     AND (${arch ?? null}::text IS NULL OR job."arch" = ${arch ?? null})
     AND (${variant ?? null}::text IS NULL OR job."variant" = ${variant ?? null})
     AND (${hosts ? [...hosts] : null}::text[] IS NULL OR host."name" = ANY(${hosts ? [...hosts] : null}::text[]))
   ORDER BY a."queuedAt", a."jobId" LIMIT 1`
