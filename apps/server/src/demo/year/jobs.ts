// The attempts of each job: facts as the hosts would have reported them.
import type { ImportedAttempt, ImportedJob } from '@rumpfarm/farm'
import type { Failure, Health } from './health.ts'
import type { DemoHost } from './hosts.ts'
import { writeLog } from './logs.ts'
import type { Random } from './random.ts'
import type { PlannedBuild } from './timeline.ts'
import type { Work } from './work.ts'

export interface JobsContext {
  nowMs: number
  random: Random
  health: Health
  work: Work
  /** Whether the cell's previous result is a failure. The key names project, branch, host, arch and variant. */
  failing: Map<string, boolean>
  /** Whether this attempt has a log. */
  hasLog: (build: PlannedBuild, failed: boolean) => boolean
}

export interface JobRequest {
  id: number
  build: PlannedBuild
  host: DemoHost
  arch: string
  variant: string
}

export function jobOf(context: JobsContext, request: JobRequest): ImportedJob {
  const { id, build, host, arch, variant } = request
  return {
    id,
    hostId: host.id,
    arch,
    variant,
    attempts: attemptsOf(context, request, build.createdAt.getTime() + 15_000),
  }
}

type End = NonNullable<ImportedAttempt['end']>['reason']

/** What can happen besides the commit, and its probability. */
const mishaps: readonly [number, End][] = [
  [0.003, 'vanished'],
  [0.002, 'disk-full'],
  [0.003, 'cancelled'],
]

function attemptsOf(context: JobsContext, request: JobRequest, queuedAt: number): ImportedAttempt[] {
  const { random, health } = context
  const { build, host, arch } = request
  const failure = health.failureOf(build, host, arch, random)
  const mishap = mishaps.find(([probability]) => random.chance(probability))
  const attempts = [
    attemptOf(context, request, { failure, purpose: 'build', number: 1, queuedAt, reason: mishap?.[1] }),
  ]
  const next = (purpose: ImportedAttempt['purpose'], failure: Failure | undefined) => {
    const at = attempts.at(-1)?.end?.at.getTime() ?? queuedAt
    attempts.push(attemptOf(context, request, { failure, purpose, number: attempts.length + 1, queuedAt: at }))
  }
  if (attempts[0]?.end?.reason === 'vanished' || attempts[0]?.end?.reason === 'lease-expired') next('lost', failure)
  const { end } = attempts.at(-1) ?? {}
  if (end?.reason !== 'exit' && end?.reason !== 'silence-limit') return attempts
  if (isNew(context, request, failure) && failure?.confirmation !== 'missing')
    next('confirm', failure?.confirmation === 'fails' ? failure : undefined)
  return attempts
}

/** Whether the cell fails now and did not fail before. */
function isNew(
  { failing }: JobsContext,
  { build, host, arch, variant }: JobRequest,
  failure: Failure | undefined,
): boolean {
  const key = [build.project.name, build.branch, host.id, arch, variant].join('/')
  const wasFailing = failing.get(key) ?? false
  failing.set(key, failure !== undefined)
  return failure !== undefined && !wasFailing
}

interface How {
  failure: Failure | undefined
  purpose: ImportedAttempt['purpose']
  /** How the attempt ends before its last step, if it does. */
  reason?: End | undefined
}

interface AttemptRequest extends How {
  number: number
  queuedAt: number
}

function attemptOf(
  context: JobsContext,
  request: JobRequest,
  { failure, reason, purpose, number, queuedAt }: AttemptRequest,
): ImportedAttempt {
  const { nowMs, random, work } = context
  const { build, host } = request
  const started = work.start(host, queuedAt)
  if (!started) return { purpose, queuedAt: new Date(queuedAt) }
  const planned = plannedSteps(context, request, failure, reason)
  const silentAt = work.silentSince(host)
  const stopAt = silentAt ?? nowMs
  const endAt = started.at + planned.reduce((sum, step) => sum + step.milliseconds, 0)
  work.end(host, started.slot, endAt)
  const done = endAt <= stopAt ? planned : endedBefore(planned, stopAt - started.at)
  const end = endAt <= stopAt ? endOf(failure, reason, endAt) : silentAt === undefined ? undefined : lostAt(silentAt)
  const failed = failure !== undefined && end !== undefined && end.reason !== 'lease-expired' && reason === undefined
  const log = context.hasLog(build, failed)
    ? logOf(request, number, done.length + (end ? 0 : 1), failed ? failure : undefined)
    : undefined
  const steps = end && (reason !== undefined || failure?.hangs) ? done.slice(0, -1) : done
  return {
    purpose,
    queuedAt: new Date(queuedAt),
    claimed: {
      slot: started.slot,
      at: new Date(started.at),
      compiler: end && random.chance(0.97) ? host.compiler : null,
      steps: steps.map(({ exit, milliseconds }, index) => ({ exit, milliseconds, logBytes: log?.ends[index] ?? 0 })),
      log: log?.bytes ?? null,
    },
    ...(end ? { end } : {}),
  }
}

interface PlannedStep {
  exit: number
  milliseconds: number
}

/** All steps to the end of the attempt. */
function plannedSteps(
  { random, work }: JobsContext,
  { build, host }: JobRequest,
  failure?: Failure,
  reason?: End,
): PlannedStep[] {
  const { project } = build
  const last = failure ? project.steps.indexOf(failure.step) : project.steps.length - 1
  const count = reason === undefined ? last + 1 : 1 + random.below(project.steps.length)
  return Array.from({ length: count }, (_, index) => {
    const whole = work.stepMs(host, project, index) * (0.85 + 0.3 * random.next()) * (random.chance(0.01) ? 2.2 : 1)
    const isLast = index === count - 1
    const fails = isLast && failure !== undefined && reason === undefined
    const part = fails && failure.hangs ? 1 : isLast && (fails || reason !== undefined) ? 0.3 + 0.6 * random.next() : 1
    const hangsMs = fails && failure.hangs ? 7_200_000 : 0
    return { exit: fails ? 1 : 0, milliseconds: Math.round(whole * part + hangsMs) }
  })
}

function endedBefore(steps: readonly PlannedStep[], spanMs: number): PlannedStep[] {
  let sum = 0
  return steps.filter(({ milliseconds }) => {
    sum += milliseconds
    return sum <= spanMs
  })
}

const endOf = (failure: Failure | undefined, reason: End | undefined, at: number) => ({
  at: new Date(at),
  reason: reason ?? (failure?.hangs ? ('silence-limit' as const) : ('exit' as const)),
})

/** The farm ends the attempt of a silent host after a day. */
const lostAt = (silentAt: number) => ({ at: new Date(silentAt + 7_200_000), reason: 'lease-expired' as const })

const logOf = (
  { build, host, arch, variant, id }: JobRequest,
  number: number,
  steps: number,
  failure: Failure | undefined,
) =>
  writeLog({
    ...{ project: build.project, host, arch, variant, commit: build.commit.commit, attempt: `${id}.${number}` },
    ...{ steps: Math.min(steps, build.project.steps.length), error: failure?.error },
  })
