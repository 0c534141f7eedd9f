import { attemptName, type StepEnd, writeSteps } from '@rumpfarm/contracts'
import { appendChunk, type Chunk, type ChunkOutcome, isStorageAway, lengthOf } from '@rumpfarm/storage'
import type { Context } from '../context.ts'
import { isStorageFull } from '../db/errors.ts'
import { isActive } from '../db/fragments.ts'
import { withEvents } from '../db/transaction.ts'
import { type Holder, holdLease } from './held-lease.ts'
import { timeEveryMs } from './log-times.rule.ts'
import type { RunningAttempt } from './running.ts'

export interface Progress extends Holder, Chunk {
  /** All steps that have ended so far. */
  steps: StepEnd[]
}

export type ProgressOutcome =
  /** `cancel` is the reason why the host must end the job; null if the job goes on. */
  | { kind: 'ok'; size: number; cancel: string | null }
  | { kind: 'wrong-offset'; size: number; cancel: string | null }
  | { kind: 'wrong-sum' }
  /** The disk of the farm is full, or its bucket does not answer. The host keeps the bytes, and learns of a `cancel` all the same. */
  | { kind: 'not-stored'; cause: unknown; cancel: string | null }
  | { kind: 'wrong-steps' }
  | { kind: 'unknown' }
  | { kind: 'lease-lost' }

/**
 * Records a message of a running job. The message has the log bytes and the ended steps, and is also the heartbeat. The
 * answer says whether the job goes on.
 */
export async function recordProgress(context: Context, message: Progress): Promise<ProgressOutcome> {
  const running = await holdLease(context, message)
  if (typeof running === 'string') return { kind: running }
  if (!running.started || writeSteps(message.steps) !== writeSteps(running.steps)) {
    const outcome = await recordSteps(context, running, message.steps)
    if (outcome !== 'ok') return { kind: outcome }
  }
  return appendToLog(context, running, message)
}

async function appendToLog(context: Context, running: RunningAttempt, message: Progress): Promise<ProgressOutcome> {
  const { emit, now } = context
  const outcome = await store(context, running, message)
  if (outcome.kind === 'wrong-sum') return outcome
  if (outcome.kind === 'not-stored') return { ...outcome, cancel: cancelReason(running, message.offset, now()) }
  if (outcome.kind === 'ok' && lengthOf(message.bytes) > 0) {
    await recordTime(context, running, message.offset)
    const { projectName } = running
    const added = outcome.size - message.offset
    emit({ kind: 'log', attempt: attemptName(running), projectName, bytes: outcome.size, added })
  }
  return { ...outcome, cancel: cancelReason(running, outcome.size, now()) }
}

type Stored = ChunkOutcome | { kind: 'not-stored'; cause: unknown }

/** Stores the whole chunk that crosses the limit. The farm's answer then makes the agent end the job. */
async function store({ logs }: Context, running: RunningAttempt, message: Progress): Promise<Stored> {
  try {
    return await appendChunk(logs.open(running), message, running.logBytesMax)
  } catch (cause) {
    if (!isStorageAway(cause) && !isStorageFull(cause)) throw cause
    return { kind: 'not-stored', cause }
  }
}

async function recordTime({ logTimes, now }: Context, running: RunningAttempt, offset: number): Promise<void> {
  const at = now().getTime()
  if (running.timedAt !== undefined && at - running.timedAt < timeEveryMs) return
  running.timedAt = at
  try {
    await logTimes.add(running, { offset, at })
  } catch {
    // On a full disk, the next write of the log reports the error. A log without times is still complete.
  }
}

function cancelReason(running: RunningAttempt, size: number, at: Date): string | null {
  if (running.cancel) return running.cancel
  if (size > running.logBytesMax) return 'log-limit'
  return at.getTime() > running.wallUntil ? 'wall-limit' : null
}

/** Stores the ended steps. The first message also records that the job has started. */
async function recordSteps(
  context: Context,
  running: RunningAttempt,
  steps: StepEnd[],
): Promise<'ok' | 'wrong-steps' | 'lease-lost'> {
  if (steps.length > running.stepNames.length) return 'wrong-steps'
  const { jobId, number, buildId, projectName } = running
  const attempt = attemptName(running)
  const changed = await withEvents(
    context,
    db => db.execute`
      UPDATE "OpenAttempt" SET "state" = 'running', "startedAt" = COALESCE("startedAt", ${context.now()}),
             "steps" = ${JSON.stringify(withNames(steps, running.stepNames))}::jsonb
       WHERE "jobId" = ${jobId} AND "number" = ${number} AND "lease" = ${running.lease} AND ${isActive}`,
    rows => (rows > 0 ? [{ kind: 'attempt', attempt, jobId, buildId, projectName }] : []),
  )
  if (changed === 0) {
    context.running.invalidate(attempt) // the event `revoked` of this attempt was lost
    return 'lease-lost'
  }
  running.steps = steps
  if (!running.started) running.timedAt = context.now().getTime()
  running.started = true
  return 'ok'
}

export const withNames = (steps: readonly StepEnd[], names: readonly string[]) =>
  steps.map((step, index) => ({ name: names[index] ?? `step ${index + 1}`, ...step }))
