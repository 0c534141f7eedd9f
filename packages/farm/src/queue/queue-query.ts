import { runningJobs } from '../attempts/next-attempts.ts'
import type { Context } from '../context.ts'
import { branchOfJob, joinJobAndBuild } from '../db/fragments.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import { presence } from '../hosts/presence.rule.ts'
import { refusalOf } from '../hosts/refusal.rule.ts'
import { composeQueue, type QueueDetails, type QueueEntry } from './queue.rule.ts'
import {
  countKinds,
  firstPlaces,
  neededPlaces,
  type OpenJobs,
  type Place,
  placesOf,
  type QueueHost,
  type QueueKind,
  type QueueLimit,
} from './queue-order.rule.ts'
import type { ProjectCap } from './why-waiting.rule.ts'

/** The queue has at most this many jobs. Others have waited for a shorter time. */
export const queueMax = 5_000
/** If a branch has no results in a cell yet, the farm looks for results in this many other branches. */
const otherBranchesMax = 5

export interface Queue {
  /** The first jobs. */
  jobs: QueueEntry[]
  /** How many jobs the queue has. */
  counts: Record<QueueKind, number>
  /** The hosts and projects of all jobs. */
  hosts: string[]
  projects: string[]
  /** False if the farm has more open jobs than `queueMax`. */
  complete: boolean
}

export interface QueueFilter {
  host?: string | undefined
  project?: string | undefined
}

/** The jobs that wait or run. A filter does not change the estimated times, because other jobs use the same slots. */
export async function readQueue(
  context: Context,
  { host, project, limit }: QueueFilter & { limit: QueueLimit },
): Promise<Queue> {
  const open = await readOpenJobs(context, host)
  const places = project === undefined ? open.places : open.places.filter(place => place.project === project)
  return {
    jobs: await readEntries(context, open, firstPlaces(places, limit)),
    counts: countKinds(places),
    hosts: namesOf(places, place => place.host.name),
    projects: namesOf(places, place => place.project),
    complete: open.complete,
  }
}

const namesOf = (places: readonly Place[], nameOf: (place: Place) => string): string[] =>
  [...new Set(places.map(nameOf))].sort()

/** The place of a job in the queue of its host; undefined if the job has ended. */
export async function findInQueue(
  context: Context,
  { id, host }: { id: number; host: string },
): Promise<QueueEntry | undefined> {
  const open = await readOpenJobs(context, host)
  const shown = open.places.filter(({ jobId }) => jobId === id)
  return (await readEntries(context, open, shown))[0]
}

interface OpenQueue {
  places: Place[]
  caps: ReadonlyMap<string, ProjectCap>
  complete: boolean
}

/** The order of the open jobs, with the few values that decide it. */
async function readOpenJobs(context: Context, host: string | undefined): Promise<OpenQueue> {
  const hostId = host === undefined ? undefined : await hostIdOf(context, host)
  if (hostId === null) return { places: [], caps: new Map(), complete: true }
  const ofHost = hostId === undefined ? sql`` : sql`WHERE "hostId" = ${hostId}`
  const open = await context.db.query<OpenJobs>`${openJobs(ofHost)}`
  const hosts = await readHosts(context, [...new Set(open.map(({ hostId }) => hostId))])
  const caps = await readCaps(context)
  const places = placesOf(open, hosts, caps)
  return { places: places.filter(({ wait }) => wait <= queueMax), caps, complete: places.length <= queueMax }
}

/** Reads what only the shown jobs need. */
async function readEntries(context: Context, open: OpenQueue, shown: readonly Place[]): Promise<QueueEntry[]> {
  if (shown.length === 0) return []
  const needed = neededPlaces(open.places, shown)
  const rows = await context.db.query<QueueDetails>`${queueDetails(needed.map(({ jobId }) => jobId))}`
  const details = new Map(rows.map(row => [row.jobId, row]))
  return composeQueue(shown, needed, details, context.now(), open.caps)
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

/**
 * The oldest open jobs; `ofHost` selects one host. One row has all jobs with equal values, so the server has few rows to
 * read.
 */
export const openJobs = (ofHost: Sql): Sql => sql`
  SELECT a."hostId", a."state", a."priority", a."projectName" AS "project", ${branchOfJob} AS "branch", a."fork", job."arch",
         json_agg(json_build_array(a."jobId", a."buildId", a."wait")) AS "jobs"
    FROM (SELECT "jobId", "buildId", "projectName", "hostId", "state", "priority", "fork",
                 row_number() OVER (ORDER BY "queuedAt", "jobId") AS "wait"
            FROM "OpenAttempt" ${ofHost} ORDER BY "queuedAt", "jobId" LIMIT ${constant(queueMax + 1)}) a
    ${joinJobAndBuild}
   GROUP BY a."hostId", a."state", a."priority", a."projectName", ${branchOfJob}, a."fork", job."arch"`

export const queueDetails = (jobIds: readonly number[]): Sql => sql`
  SELECT a."jobId", a."number", a."purpose", a."queuedAt", a."startedAt", jsonb_array_length(a."steps") AS "stepsEnded",
         build."commit", job."variant", ${expectedMsOfJob} AS "expectedMs"
    FROM "OpenAttempt" a ${joinJobAndBuild} WHERE a."jobId" = ANY(${[...jobIds]}::bigint[])`

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
