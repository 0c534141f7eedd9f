import { type AttemptId, attemptName, readSteps, type StepEnd } from '@rumpfarm/contracts'
import { lengthOf, type Piece, takePiece } from '@rumpfarm/storage'
import type { Recipe } from '../builds/plan.rule.ts'
import type { PreparedSource } from '../builds/sources.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { limitsOf, type Running } from './running.ts'

/** Who says that it holds an attempt. */
export interface Holder extends AttemptId {
  hostId: number
  lease: string
}

export interface Progress extends Holder, Piece {
  /** All ended steps so far, in wire form. */
  steps: string
}

export type ProgressOutcome =
  | { kind: 'ok'; size: number; cancel: string | null }
  | { kind: 'wrong-offset'; size: number; cancel: string | null }
  | { kind: 'wrong-sum' }
  | { kind: 'wrong-steps' }
  | { kind: 'unknown' }
  | { kind: 'lease-lost' }

/** Log bytes, heartbeat, lease renewal, ended steps, and whether to go on: the one message of a running job. */
export async function progress(context: Context, message: Progress): Promise<ProgressOutcome> {
  const running = await hold(context, message)
  if (typeof running === 'string') return { kind: running }
  if (message.steps !== running.steps || !running.started) {
    const outcome = await noteSteps(context, running, message.steps)
    if (outcome !== 'ok') return { kind: outcome }
  }
  return store(context, running, message)
}

async function store({ logs, publish, now }: Context, running: Running, message: Progress): Promise<ProgressOutcome> {
  const log = logs.open(running)
  // What exceeds the limit by less than one chunk is kept: the agent is told to stop, and the log ends in a whole line or not.
  const outcome = await takePiece(log, message, running.logBytesMax)
  if (outcome.kind === 'wrong-sum') return outcome
  if (outcome.kind === 'ok' && lengthOf(message.bytes) > 0)
    publish({ kind: 'log', attempt: attemptName(running), bytes: outcome.size })
  return { ...outcome, cancel: stopWord(running, outcome.size, now()) }
}

function stopWord(running: Running, size: number, at: Date): string | null {
  if (running.cancel) return running.cancel
  if (size > running.logBytesMax) return 'log-limit'
  return at.getTime() > running.wallUntil ? 'wall-limit' : null
}

/**
 * The attempt, if this host holds it with this lease. Renewed in the database at a third of the lease: a heartbeat every
 * 2 s of 1,000 hosts would else be 500 updates a second. Each renewal is a sign of life, and those come every 30 s at least.
 */
export async function hold(context: Context, message: Holder): Promise<Running | 'unknown' | 'lease-lost'> {
  const { now, settings, running: cache } = context
  const name = attemptName(message)
  const known = cache.get(name)
  const fresh =
    known !== undefined && known.leaseUntil - now().getTime() > (settings.leaseSeconds - renewSeconds(settings)) * 1000
  const entry = fresh ? known : await renew(context, message)
  if (entry === undefined) {
    cache.forget(name)
    return (await exists(context, message)) ? 'lease-lost' : 'unknown'
  }
  if (entry.hostId !== message.hostId) return 'unknown'
  return entry.lease === message.lease ? entry : 'lease-lost'
}

const renewSeconds = ({ leaseSeconds }: Context['settings']) => Math.min(leaseSeconds / 3, 30)

const exists = async ({ db }: Context, { jobId, number, hostId }: Holder) =>
  (await db.attempt.count({ where: { jobId, number, hostId } })) > 0

interface RenewedRow {
  buildId: number
  projectName: string
  cancelled: boolean
  leasedAt: Date
  started: boolean
  steps: StepEnd[]
  recipe: Recipe
  sources: PreparedSource[] | null
}

async function renew(context: Context, { jobId, number, hostId, lease }: Holder): Promise<Running | undefined> {
  const { db, now, settings, running: cache } = context
  const until = later(now(), settings.leaseSeconds)
  const since = cache.moment
  const rows = await db.$queryRaw<RenewedRow[]>`
    WITH renewed AS (
      UPDATE "Attempt" SET "leaseUntil" = ${until}
       WHERE "jobId" = ${jobId} AND "number" = ${number} AND "hostId" = ${hostId} AND "lease" = ${lease}
         AND "state" IN ('leased', 'running')
      RETURNING *
    ), host AS (
      UPDATE "Host" SET "lastSeenAt" = ${now()}, "awaySince" = NULL FROM renewed WHERE "Host"."id" = renewed."hostId"
    )
    SELECT job."buildId", build."projectName", a."cancelRequestedAt" IS NOT NULL AS "cancelled", a."leasedAt",
           a."state" = 'running' AS "started", a."steps", recipe."body" AS "recipe", build."sourcesInfo" AS "sources"
      FROM renewed a JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
      JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"`
  const row = rows[0]
  if (!row) return undefined
  const entry = runningOf(row, { jobId, number, hostId, lease, leaseUntil: until.getTime() })
  cache.set(entry, since)
  return entry
}

function runningOf(
  row: RenewedRow,
  held: Pick<Running, 'jobId' | 'number' | 'hostId' | 'lease' | 'leaseUntil'>,
): Running {
  return {
    ...held,
    ...limitsOf(row.recipe, row.leasedAt),
    buildId: row.buildId,
    projectName: row.projectName,
    cancel: row.cancelled ? 'cancelled' : null,
    sources: row.sources ?? [],
    steps: row.steps.map(step => `${step.exit}:${step.milliseconds}:${step.logBytes}`).join(','),
    started: row.started,
  }
}

/** Stores the ended steps; the first message also says that the job has started. */
async function noteSteps(
  context: Context,
  running: Running,
  text: string,
): Promise<'ok' | 'wrong-steps' | 'lease-lost'> {
  const { db, now, publish, running: cache } = context
  const ends = readSteps(text)
  if (!ends || ends.length > running.stepNames.length) return 'wrong-steps'
  const steps = JSON.stringify(namedSteps(running.stepNames, ends))
  const changed = await db.$executeRaw`
    UPDATE "Attempt" SET "state" = 'running', "startedAt" = COALESCE("startedAt", ${now()}), "steps" = ${steps}::jsonb
     WHERE "jobId" = ${running.jobId} AND "number" = ${running.number} AND "lease" = ${running.lease}
       AND "state" IN ('leased', 'running')`
  if (changed === 0) {
    cache.forget(attemptName(running)) // the word that it was revoked was lost
    return 'lease-lost'
  }
  running.steps = text
  running.started = true
  const { jobId, buildId, projectName } = running
  publish({ kind: 'attempt', attempt: attemptName(running), jobId, buildId, projectName })
  return 'ok'
}

export const namedSteps = (names: readonly string[], ends: readonly StepEnd[]) =>
  ends.map((end, index) => ({ name: names[index] ?? `step ${index + 1}`, ...end }))
