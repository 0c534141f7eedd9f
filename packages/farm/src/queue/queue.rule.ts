import type { AttemptPurpose } from '@rumpfarm/contracts'
import type { OpenJobs, Place, ProjectCaps, QueueHost, QueueKind } from './queue-order.rule.ts'
import { startTimes } from './start-times.rule.ts'
import { type HostLoad, type WaitReason, whyWaiting } from './why-waiting.rule.ts'

/** What the farm reads only of the jobs that it shows, and of the jobs on which their times depend. */
export interface QueueDetails {
  jobId: number
  number: number
  purpose: AttemptPurpose
  queuedAt: Date
  startedAt: Date | null
  /** The number of ended steps. */
  stepsEnded: number
  commit: string
  variant: string
  /** The usual duration of the job; null if no job of its kind has passed. */
  expectedMs: number | null
}

export type QueueEntry = QueueDetails &
  Pick<OpenJobs, 'state' | 'priority' | 'project' | 'branch' | 'fork' | 'arch'> & {
    buildId: number
    host: string
    kind: QueueKind
    /** Why the job waits; null if it runs. */
    reason: WaitReason | null
    /** When the farm expects the start of a waiting job, and the end of each job. Null if the farm cannot know it. */
    startsAt: Date | null
    endsAt: Date | null
    /** How many jobs the host takes before this job. 0 for a running job. */
    before: number
  }

/** A place with its details. */
interface Known {
  place: Place
  details: QueueDetails
}

/** The shown jobs. `needed` has them, and the jobs on which their times depend. A job without details has ended meanwhile. */
export function composeQueue(
  shown: readonly Place[],
  needed: readonly Place[],
  details: ReadonlyMap<number, QueueDetails>,
  at: Date,
  caps: ProjectCaps,
): QueueEntry[] {
  const byHost = new Map<QueueHost, Known[]>()
  for (const place of needed) {
    const own = details.get(place.jobId)
    if (!own) continue
    const known = byHost.get(place.host)
    if (known) known.push({ place, details: own })
    else byHost.set(place.host, [{ place, details: own }])
  }
  const entries = new Map<Place, QueueEntry>()
  for (const [host, known] of byHost)
    for (const [place, entry] of entriesOfHost(known, host, at, caps)) entries.set(place, entry)
  return shown.map(place => entries.get(place)).filter(entry => entry !== undefined)
}

/** `known` is in the order in which the host takes its jobs. */
function entriesOfHost(known: readonly Known[], host: QueueHost, at: Date, caps: ProjectCaps): [Place, QueueEntry][] {
  const busy = known
    .filter(({ place }) => place.kind === 'running')
    .map(({ details }) => ({ jobId: details.jobId, endsAt: endOf(details, at) }))
    .sort(bySoonestEnd)
  const ends = new Map(busy.map(({ jobId, endsAt }) => [jobId, endsAt]))
  const able = known.filter(({ place }) => place.kind === 'waiting').map(({ details }) => details)
  const starts = startTimes({ slots: host.slots, running: busy.map(({ endsAt }) => endsAt), waiting: able }, at)
  const startOf = new Map(able.map(({ jobId }, index) => [jobId, starts[index] ?? null]))
  return known.map(({ place, details }) => {
    const startsAt = startOf.get(place.jobId) ?? null
    const endsAt = place.kind === 'running' ? ends.get(place.jobId) : startsAt && after(startsAt, details.expectedMs)
    const load = { running: busy, before: place.before, cap: caps.get(place.project) }
    return [place, entryOf(place, details, { startsAt, endsAt: endsAt ?? null, reason: reasonOf(place, load) })]
  })
}

const reasonOf = ({ kind, like, host }: Place, load: HostLoad): WaitReason | null =>
  kind === 'running' ? null : whyWaiting(like, host, load)

/** The expected end of a running job. If the job takes longer than usual, the farm does not know its end. */
function endOf({ startedAt, expectedMs }: QueueDetails, at: Date): Date | null {
  const end = after(startedAt ?? at, expectedMs)
  return end !== null && end > at ? end : null
}

const after = (start: Date, milliseconds: number | null): Date | null =>
  milliseconds === null ? null : new Date(start.getTime() + milliseconds)

// Each member has its name: with the spread syntax, 2,260 of these objects took half of the time for a queue.
const entryOf = (
  { like, buildId, host, kind, before }: Place,
  details: QueueDetails,
  times: Pick<QueueEntry, 'reason' | 'startsAt' | 'endsAt'>,
): QueueEntry => ({
  jobId: details.jobId,
  number: details.number,
  state: like.state,
  purpose: details.purpose,
  priority: like.priority,
  queuedAt: details.queuedAt,
  startedAt: details.startedAt,
  project: like.project,
  buildId,
  commit: details.commit,
  branch: like.branch,
  fork: like.fork,
  arch: like.arch,
  variant: details.variant,
  expectedMs: details.expectedMs,
  host: host.name,
  kind,
  reason: times.reason,
  startsAt: times.startsAt,
  endsAt: times.endsAt,
  before,
  stepsEnded: details.stepsEnded,
})

const bySoonestEnd = (one: { endsAt: Date | null }, other: { endsAt: Date | null }): number =>
  (one.endsAt?.getTime() ?? Number.MAX_SAFE_INTEGER) - (other.endsAt?.getTime() ?? Number.MAX_SAFE_INTEGER)
