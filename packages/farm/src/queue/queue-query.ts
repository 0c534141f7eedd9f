import { runningJobs } from '../attempts/next-attempts.ts'
import type { Context } from '../context.ts'
import { branchOfJob, joinJobAndBuild } from '../db/fragments.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import { presence } from '../hosts/presence.rule.ts'
import { refusalOf } from '../hosts/refusal.rule.ts'
import { composeQueue, type OpenAttempt, type QueueEntry, type QueueHost } from './queue.rule.ts'
import type { ProjectCap } from './why-waiting.rule.ts'

/** The queue has at most this many jobs. Others have waited for a shorter time. */
export const queueMax = 5_000
/** If a branch has no results in a cell yet, the farm looks for results in this many other branches. */
const otherBranchesMax = 5

export interface Queue {
  jobs: QueueEntry[]
  /** False if the farm has more open jobs than `queueMax`. */
  complete: boolean
}

export interface QueueFilter {
  host?: string | undefined
  project?: string | undefined
}

/** The jobs that wait or run. A filter does not change the estimated times, because other jobs use the same slots. */
export async function readQueue(context: Context, filter: QueueFilter = {}): Promise<Queue> {
  const hostId = filter.host === undefined ? undefined : await hostIdOf(context, filter.host)
  if (hostId === null) return { jobs: [], complete: true }
  const ofHost = hostId === undefined ? sql`` : sql`WHERE "hostId" = ${hostId}`
  const attempts = await context.db.query<OpenAttempt>`${openAttempts(ofHost)}`
  const hosts = await readHosts(context, [...new Set(attempts.map(attempt => attempt.hostId))])
  const caps = await readCaps(context)
  const jobs = composeQueue(attempts.slice(0, queueMax), hosts, context.now(), caps)
  const { project } = filter
  return {
    jobs: project === undefined ? jobs : jobs.filter(job => job.project === project),
    complete: attempts.length <= queueMax,
  }
}

/** The place of a job in the queue of its host; undefined if the job has ended. */
export async function findInQueue(
  context: Context,
  job: { id: number; host: string },
): Promise<QueueEntry | undefined> {
  const { jobs } = await readQueue(context, { host: job.host })
  return jobs.find(({ jobId }) => jobId === job.id)
}

async function hostIdOf({ db }: Context, name: string): Promise<number | null> {
  const host = await db.models.host.findUnique({ where: { name }, select: { id: true } })
  return host?.id ?? null
}

const expectedIn = (branches: Sql) => sql`
  SELECT cell."expectedMs" FROM (${branches}) branch
    JOIN "Cell" cell ON cell."projectName" = build."projectName" AND cell."branch" = branch."name"
         AND cell."hostId" = job."hostId" AND cell."arch" = job."arch" AND cell."variant" = job."variant"
   WHERE cell."expectedMs" IS NOT NULL LIMIT 1`

/** The usual duration of the row `job`, from the job's branch; else from the branches with the newest pushes. */
export const expectedMsOfJob = sql`COALESCE(
  (${expectedIn(sql`SELECT ${branchOfJob} AS "name"`)}),
  (${expectedIn(sql`SELECT "name" FROM "Branch" WHERE "projectName" = build."projectName"
                     ORDER BY "pushedAt" DESC LIMIT ${otherBranchesMax}`)}))`

/** The oldest open attempts; `ofHost` selects one host. */
export const openAttempts = (ofHost: Sql): Sql => sql`
  SELECT a."jobId", a."number", a."hostId", a."state", a."purpose", a."priority", a."queuedAt", a."startedAt", a."steps",
         build."projectName" AS "project", job."buildId", build."commit", ${branchOfJob} AS "branch", a."fork", job."arch",
         job."variant", ${expectedMsOfJob} AS "expectedMs"
    FROM (SELECT * FROM "OpenAttempt" ${ofHost} ORDER BY "queuedAt", "jobId" LIMIT ${queueMax + 1}) a
    ${joinJobAndBuild}`

/** farm.yaml has at most 200 projects. A host can have turns of projects that left farm.yaml. */
const turnsMax = 1_000

/** The projects with a limit. Only as many attempts are active as the farm has slots. */
async function readCaps({ db }: Context): Promise<Map<string, ProjectCap>> {
  const rows = await db.query<ProjectCap & { name: string }>`
    SELECT "name", ("config" ->> 'jobsAtOnce')::int AS "max", ${runningJobs(sql`project."name"`)} AS "running"
      FROM "Project" project WHERE "removedAt" IS NULL AND "config" ->> 'jobsAtOnce' IS NOT NULL`
  return new Map(rows.map(({ name, ...cap }) => [name, cap]))
}

interface HostRow extends Omit<QueueHost, 'removed' | 'presence' | 'refusalCode' | 'turns'> {
  removedAt: Date | null
  silentSince: Date | null
  agentVersion: string
  turns: { project: string; lastAt: string }[]
}

async function readHosts({ db, settings }: Context, ids: readonly number[]): Promise<QueueHost[]> {
  const rows = await db.query<HostRow>`
    SELECT "id", "name", "removedAt", "lastSeenAt", "silentSince", "awaySince", "pausedAt", "refusal", "agentVersion", "slots",
           "rules",
           (SELECT COALESCE(json_agg(json_build_object('arch', "arch", 'unable', "unable")), '[]')
              FROM "HostArch" WHERE "hostId" = host."id") AS "arches",
           (SELECT COALESCE(json_agg(json_build_object('project', "projectName", 'lastAt', "lastAt")), '[]')
              FROM (SELECT * FROM "HostTurn" WHERE "hostId" = host."id" LIMIT ${constant(turnsMax)}) turn) AS "turns"
      FROM "Host" host WHERE "id" = ANY(${[...ids]}::int[]) ORDER BY "id"`
  return rows.map(({ removedAt, silentSince, agentVersion, turns, ...host }) => ({
    ...host,
    removed: removedAt !== null,
    presence: presence({ ...host, silentSince }),
    ...refusalOf({ refusal: host.refusal, agentVersion }, settings.agentVersionMin),
    turns: new Map(turns.map(({ project, lastAt }) => [project, new Date(lastAt)])),
  }))
}
