import type { AttemptPurpose, AttemptState, StepEnd } from '@rumpfarm/contracts'
import { inOrder, type Turn } from './next-job.rule.ts'
import { startTimes } from './start-times.rule.ts'
import { isBlocked, type ProjectCap, type WaitingHost, type WaitReason, whyWaiting } from './why-waiting.rule.ts'

/** An attempt that has not ended. */
export interface OpenAttempt {
  jobId: number
  number: number
  hostId: number
  state: Exclude<AttemptState, 'finished'>
  purpose: AttemptPurpose
  /** A larger priority runs first. */
  priority: number
  queuedAt: Date
  startedAt: Date | null
  steps: readonly (StepEnd & { name: string })[]
  project: string
  buildId: number
  commit: string
  branch: string | null
  fork: boolean
  arch: string
  variant: string
  /** The usual duration of the job; null if no job of its kind has passed. */
  expectedMs: number | null
}

export interface QueueHost extends WaitingHost {
  id: number
  /** When the host last took a job of each project. */
  turns: ReadonlyMap<string, Date>
}

/** The projects with `jobs-at-once`. */
export type ProjectCaps = ReadonlyMap<string, ProjectCap>

export type QueueEntry = Omit<OpenAttempt, 'hostId' | 'steps'> & {
  host: string
  /** Why the job waits; null if it runs. */
  reason: WaitReason | null
  /** When the farm expects the start of a waiting job, and the end of each job. Null if the farm cannot know it. */
  startsAt: Date | null
  endsAt: Date | null
  /** How many jobs the host takes before this job. 0 for a running job. */
  before: number
  /** The number of ended steps. */
  stepsEnded: number
}

/**
 * The jobs of the farm that have not ended. The jobs that their hosts take next are first, and running jobs are at the
 * end.
 */
export function composeQueue(
  attempts: readonly OpenAttempt[],
  hosts: readonly QueueHost[],
  at: Date,
  caps: ProjectCaps = new Map(),
): QueueEntry[] {
  const byHost = new Map<number, OpenAttempt[]>(hosts.map(({ id }) => [id, []]))
  for (const attempt of attempts) byHost.get(attempt.hostId)?.push(attempt)
  return hosts
    .flatMap(host => queueOfHost(byHost.get(host.id) ?? [], host, at, caps))
    .sort(
      (one, other) =>
        Number(one.reason === null) - Number(other.reason === null) || one.before - other.before || byWait(one, other),
    )
}

function queueOfHost(attempts: readonly OpenAttempt[], host: QueueHost, at: Date, caps: ProjectCaps): QueueEntry[] {
  const running = attempts.filter(isHeld).map(attempt => entryOf(attempt, host, { endsAt: endOf(attempt, at) }))
  const busy = running.map(({ jobId, endsAt }) => ({ jobId, endsAt })).sort(bySoonestEnd)
  const waiting = inOrder(
    attempts.filter(attempt => !isHeld(attempt)),
    turnsOf(attempts, host),
  )
  const able: OpenAttempt[] = []
  const entries = waiting.map(attempt => {
    const before = able.length
    const reason = whyWaiting(attempt, host, { running: busy, before, cap: caps.get(attempt.project) })
    if (!isBlocked(reason)) able.push(attempt)
    return { attempt, before, reason }
  })
  const load = { slots: host.slots, running: busy.map(({ endsAt }) => endsAt), waiting: able }
  const starts = new Map(startTimes(load, at).map((start, index) => [able[index], start]))
  return [
    ...running,
    ...entries.map(({ attempt, before, reason }) => {
      const startsAt = starts.get(attempt) ?? null
      const endsAt = startsAt && after(startsAt, attempt.expectedMs)
      return entryOf(attempt, host, { startsAt, endsAt, before, reason })
    }),
  ]
}

/** The claim counts in the same way: attempts/next-attempts.ts. */
function turnsOf(attempts: readonly OpenAttempt[], { turns }: QueueHost): Map<string, Turn> {
  const projects = [...new Set(attempts.map(({ project }) => project))]
  const running = (project: string) => attempts.filter(attempt => isHeld(attempt) && attempt.project === project).length
  return new Map(projects.map(project => [project, { running: running(project), lastAt: turns.get(project) ?? null }]))
}

const isHeld = ({ state }: OpenAttempt): boolean => state === 'leased' || state === 'running'

/** The expected end of a running job. If the job takes longer than usual, the farm does not know its end. */
function endOf({ startedAt, expectedMs }: OpenAttempt, at: Date): Date | null {
  const end = after(startedAt ?? at, expectedMs)
  return end !== null && end > at ? end : null
}

const after = (start: Date, milliseconds: number | null): Date | null =>
  milliseconds === null ? null : new Date(start.getTime() + milliseconds)

// Each member has its name: with the spread syntax, 2,260 of these objects took half of the time for a queue.
const entryOf = (attempt: OpenAttempt, host: QueueHost, place: Partial<QueueEntry>): QueueEntry => ({
  jobId: attempt.jobId,
  number: attempt.number,
  state: attempt.state,
  purpose: attempt.purpose,
  priority: attempt.priority,
  queuedAt: attempt.queuedAt,
  startedAt: attempt.startedAt,
  project: attempt.project,
  buildId: attempt.buildId,
  commit: attempt.commit,
  branch: attempt.branch,
  fork: attempt.fork,
  arch: attempt.arch,
  variant: attempt.variant,
  expectedMs: attempt.expectedMs,
  host: host.name,
  reason: place.reason ?? null,
  startsAt: place.startsAt ?? null,
  endsAt: place.endsAt ?? null,
  before: place.before ?? 0,
  stepsEnded: attempt.steps.length,
})

const byWait = (one: { queuedAt: Date; jobId: number }, other: { queuedAt: Date; jobId: number }): number =>
  one.queuedAt.getTime() - other.queuedAt.getTime() || one.jobId - other.jobId

const bySoonestEnd = (one: { endsAt: Date | null }, other: { endsAt: Date | null }): number =>
  (one.endsAt?.getTime() ?? Number.MAX_SAFE_INTEGER) - (other.endsAt?.getTime() ?? Number.MAX_SAFE_INTEGER)
