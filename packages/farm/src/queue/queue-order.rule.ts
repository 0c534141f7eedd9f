import type { AttemptState } from '@rumpfarm/contracts'
import { inOrder, type NextJob, type Turn } from './next-job.rule.ts'
import { isBlocked, type ProjectCap, type WaitingHost, whyWaiting } from './why-waiting.rule.ts'

/** Open jobs with equal values: if the farm cannot estimate the start of one of them, this is true of all. */
export interface OpenJobs {
  hostId: number
  state: Exclude<AttemptState, 'finished'>
  /** A larger priority runs first. */
  priority: number
  project: string
  branch: string | null
  fork: boolean
  arch: string
  jobs: readonly OpenJob[]
}

/** The number of the job and of its build, and the position of the job in the order of all waits. */
export type OpenJob = readonly [jobId: number, buildId: number, wait: number]

export interface QueueHost extends WaitingHost {
  id: number
  /** When the host last took a job of each project. */
  turns: ReadonlyMap<string, Date>
}

/** The projects with `jobs-at-once`. */
export type ProjectCaps = ReadonlyMap<string, ProjectCap>

/** The farm cannot estimate when a blocked job starts. */
export type QueueKind = 'waiting' | 'blocked' | 'running'

/** The position of an open job in the queue. */
export interface Place extends NextJob {
  kind: QueueKind
  like: Omit<OpenJobs, 'jobs'>
  host: QueueHost
  wait: number
  /** How many jobs the host takes before this job. 0 for a running job. */
  before: number
}

/** All places. The jobs that their hosts take next are first, and running jobs are at the end. */
export function placesOf(open: readonly OpenJobs[], hosts: readonly QueueHost[], caps: ProjectCaps): Place[] {
  const byHost = new Map<number, OpenJobs[]>(hosts.map(({ id }) => [id, []]))
  for (const like of open) byHost.get(like.hostId)?.push(like)
  const places = hosts.flatMap(host => placesOfHost(byHost.get(host.id) ?? [], host, caps))
  return places.sort(inQueue)
}

const inQueue = (one: Place, other: Place): number =>
  Number(one.kind === 'running') - Number(other.kind === 'running') ||
  one.before - other.before ||
  one.wait - other.wait

function placesOfHost(open: readonly OpenJobs[], host: QueueHost, caps: ProjectCaps): Place[] {
  const places = open.flatMap(like => {
    const kind = kindOf(like, host, caps)
    return like.jobs.map(job => placeOf(job, like, host, kind))
  })
  const running = places.filter(({ kind }) => kind === 'running')
  const waiting = inOrder(
    places.filter(({ kind }) => kind !== 'running'),
    turnsOf(running, places, host),
  )
  let before = 0
  for (const place of waiting) {
    place.before = before
    if (place.kind === 'waiting') before++
  }
  return [...running, ...waiting]
}

// Each member has its name: the spread syntax makes thousands of objects slow.
const placeOf = ([jobId, buildId, wait]: OpenJob, like: OpenJobs, host: QueueHost, kind: QueueKind): Place => ({
  jobId,
  buildId,
  project: like.project,
  priority: like.priority,
  kind,
  like,
  host,
  wait,
  before: 0,
})

/** The reason of a blocked job does not depend on the other jobs of its host. */
function kindOf(like: OpenJobs, host: QueueHost, caps: ProjectCaps): QueueKind {
  if (like.state === 'leased' || like.state === 'running') return 'running'
  const reason = whyWaiting(like, host, { running: [], before: 0, cap: caps.get(like.project) })
  return isBlocked(reason) ? 'blocked' : 'waiting'
}

/** The claim counts in the same way: attempts/next-attempts.ts. */
function turnsOf(running: readonly Place[], all: readonly Place[], { turns }: QueueHost): Map<string, Turn> {
  const count = (wanted: string) => running.filter(({ project }) => project === wanted).length
  const projects = [...new Set(all.map(({ project }) => project))]
  return new Map(projects.map(project => [project, { running: count(project), lastAt: turns.get(project) ?? null }]))
}

/** How many jobs a list has: of the whole queue, or of each kind. */
export type QueueLimit = number | Record<QueueKind, number>

export function firstPlaces(places: readonly Place[], limit: QueueLimit): Place[] {
  if (typeof limit === 'number') return places.slice(0, limit)
  const left = { ...limit }
  return places.filter(({ kind }) => left[kind]-- > 0)
}

export function countKinds(places: readonly Place[]): Record<QueueKind, number> {
  const counts = { waiting: 0, blocked: 0, running: 0 }
  for (const { kind } of places) counts[kind]++
  return counts
}

/**
 * The places whose durations the farm needs for the times of the shown ones. A waiting job starts when the running jobs
 * of its host and the jobs before it have ended.
 */
export function neededPlaces(places: readonly Place[], shown: readonly Place[]): Place[] {
  const last = new Map<number, number>()
  for (const { kind, host, before } of shown)
    if (kind === 'waiting') last.set(host.id, Math.max(before, last.get(host.id) ?? 0))
  const chosen = new Set(shown)
  return places.filter(place => {
    const until = last.get(place.host.id)
    if (chosen.has(place)) return true
    if (until === undefined || place.kind === 'blocked') return false
    return place.kind === 'running' || place.before < until
  })
}
