import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import type { Recipe } from '../builds/plan.rule.ts'
import type { PreparedSource } from '../builds/sources.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { isUniqueViolation, Prisma, type Raw } from '../db/client.ts'
import { tooOld } from '../hosts/agent-version.rule.ts'
import { finishRows } from './finish-rows.ts'
import { limitsOf, type Running } from './running.ts'

export interface Claim {
  hostId: number
  instance: string
  slot: number
  /** Counts the jobs this slot was ready for: the same number again is the same claim. */
  claim: number
}

/** What a host needs to run an attempt. */
export interface Offer {
  attempt: string
  jobId: number
  buildId: number
  lease: string
  project: string
  commit: string
  branch: string | null
  arch: string
  variant: string
  recipe: Recipe
  sources: PreparedSource[]
}

export type SlotState =
  /** The slot may take a job. */
  | { kind: 'free' }
  /** The same claim as before: here is its job again. */
  | { kind: 'offer'; offer: Offer }
  /** A late duplicate, or a host that never heard of what it got: `newest` is the number of that claim. */
  | { kind: 'stale'; newest: number }
  | { kind: 'other-instance' }
  /** The host said that it has fewer. */
  | { kind: 'no-slot' }
  /** Paused or removed by an administrator. */
  | { kind: 'paused' }
  /** Its agent is below the farm's floor: it ends what it has, and gets nothing new. */
  | { kind: 'too-old'; words: string }

interface SlotRow {
  instance: string | null
  paused: boolean
  agentVersion: string
  slots: number
  newest: number | null
  jobId: number | null
  number: number | null
  claim: number | null
  /** The agent process that took the attempt. */
  holder: string | null
}

/**
 * What the slot has now, and, with it, that the host is alive. A host that asks for more while the farm believes that
 * the slot is busy has lost that job: it is ended as lost, so that its successor can run.
 */
export async function askForWork(context: Context, wish: Claim, condition: HostCondition = {}): Promise<SlotState> {
  const row = await touch(context, wish, condition)
  if (!row || row.instance !== wish.instance) return { kind: 'other-instance' }
  if (row.jobId !== null && row.number !== null && row.claim !== null) {
    const attempt = { jobId: row.jobId, number: row.number }
    if (row.claim === wish.claim)
      return row.holder === wish.instance ? offerAgain(context, attempt) : handOver(context, wish, attempt)
    if (row.claim > wish.claim) return { kind: 'stale', newest: row.claim }
    await forget(context, row.jobId, row.number)
  } else if (row.newest !== null && row.newest >= wish.claim) return { kind: 'stale', newest: row.newest }
  if (wish.slot > row.slots) return { kind: 'no-slot' } // after the look: what it holds from before goes on
  if (row.paused) return { kind: 'paused' }
  const words = tooOld(row.agentVersion, context.settings.agentVersionMin)
  return words === null ? { kind: 'free' } : { kind: 'too-old', words }
}

/** What the host says of itself with a claim. */
export interface HostCondition {
  diskFreeMb?: number | undefined
  /** Why it takes no work now. */
  refusal?: string | undefined
}

/** The sign of life is written once in a ninth of a lease (10 s): a host of short jobs claims several times a second. */
async function touch(
  { db, now, settings }: Context,
  wish: Claim,
  condition: HostCondition,
): Promise<SlotRow | undefined> {
  const at = now()
  const refusal = condition.refusal ?? null
  const rows = await db.$queryRaw<SlotRow[]>`
    WITH seen AS (
      UPDATE "Host" SET "lastSeenAt" = ${at}, "awaySince" = NULL, "refusal" = ${refusal},
             "diskFreeMb" = COALESCE(${condition.diskFreeMb ?? null}::int, "diskFreeMb")
       WHERE "id" = ${wish.hostId} AND "instance" = ${wish.instance}
         AND ("lastSeenAt" < ${later(at, -Math.min(settings.leaseSeconds / 9, 10))} OR "awaySince" IS NOT NULL
              OR "refusal" IS DISTINCT FROM ${refusal} OR "diskFreeMb" IS NULL)
    )
    SELECT host."instance", host."agentVersion", host."slots", (host."pausedAt" IS NOT NULL OR host."removedAt" IS NOT NULL) AS "paused",
           slot."claim" AS "newest", a."jobId", a."number", a."claim", a."instance" AS "holder"
      FROM "Host" host
      LEFT JOIN "Slot" slot ON slot."hostId" = host."id" AND slot."number" = ${wish.slot}
      LEFT JOIN "Attempt" a ON a."hostId" = host."id" AND a."slot" = ${wish.slot} AND a."state" IN ('leased', 'running')
     WHERE host."id" = ${wish.hostId} AND host."instance" = ${wish.instance}`
  return rows[0]
}

const forget = async (context: Context, jobId: number, number: number) => {
  const detail =
    'the host asked for other work: it no longer knew this job (its directory was emptied, or a second agent runs there)'
  const where = Prisma.sql`"jobId" = ${jobId} AND "number" = ${number}`
  const announceAll = await context.db.$transaction(tx =>
    finishRows(
      context,
      tx,
      { kind: 'one', where },
      {
        verdict: 'lost',
        failedStep: null,
        reason: 'forgotten',
        detail,
      },
    ),
  )
  announceAll()
}

interface OfferRow {
  jobId: number
  number: number
  lease: string
  buildId: number
  project: string
  commit: string
  branch: string | null
  arch: string
  variant: string
  recipe: Recipe
  sources: PreparedSource[] | null
}

/**
 * Gives a queued attempt to a slot, if it is still queued: the row decides, the message that named it was advice.
 * Undefined: it is no longer to be had, or this claim may not have it: the slot took another one at the same moment (index
 * one_attempt_per_slot), or the host's agent is another by now. The slot's state tells which, and then the message belongs
 * back into the queue.
 */
export async function leaseAttempt(
  context: Context,
  wish: Claim,
  { jobId, number }: AttemptId,
): Promise<Offer | undefined> {
  const at = context.now()
  const since = context.running.moment
  const rows = await takeWithEmptyLog(context, wish, { jobId, number }, at).catch(error => {
    if (!isUniqueViolation(error)) throw error
    return []
  })
  const row = rows[0]
  if (!row) return undefined
  context.running.set(justLeased(row, { hostId: wish.hostId, leasedAt: at, until: leaseEnd(context, at) }), since)
  context.publish({ kind: 'attempt', attempt: attemptName(row), jobId, buildId: row.buildId, projectName: row.project })
  return offerOf(row)
}

const leaseEnd = ({ settings }: Context, at: Date) => later(at, settings.leaseSeconds)

/**
 * An attempt begins with an empty log. Bytes that lie there already are of another one of this name: the database was
 * restored from a backup that is older than the logs. They are dropped before the lease is there for anybody to see.
 */
function takeWithEmptyLog(context: Context, wish: Claim, attempt: AttemptId, at: Date): Promise<OfferRow[]> {
  if (context.logs.size(attempt) === 0) return takeRow(context, context.db, wish, attempt, at)
  return context.db.$transaction(async tx => {
    const rows = await takeRow(context, tx, wish, attempt, at)
    if (rows.length > 0) context.logs.open(attempt).truncate(0)
    return rows
  })
}

function takeRow(context: Context, db: Raw, wish: Claim, { jobId, number }: AttemptId, at: Date): Promise<OfferRow[]> {
  const { random } = context
  return db.$queryRaw<OfferRow[]>`
    WITH leased AS (
      UPDATE "Attempt" SET "state" = 'leased', "slot" = ${wish.slot}, "claim" = ${wish.claim}, "lease" = ${random()},
             "leasedAt" = ${at}, "leaseUntil" = ${leaseEnd(context, at)}, "instance" = ${wish.instance}
        FROM "Host" host
       WHERE "jobId" = ${jobId} AND "Attempt"."number" = ${number} AND "hostId" = ${wish.hostId} AND "state" = 'queued'
         AND host."id" = ${wish.hostId} AND host."instance" = ${wish.instance}
         AND NOT ${forUnableArch}
      RETURNING "Attempt".*
    ), slot AS (
      INSERT INTO "Slot" ("hostId", "number", "claim") SELECT "hostId", "slot", "claim" FROM leased
      ON CONFLICT ("hostId", "number") DO UPDATE SET "claim" = EXCLUDED."claim"
    )
    SELECT ${offerColumns} FROM leased a ${offerJoins}`
}

/** Waits until its host can build for its arch: the host's next hello says so. */
export const forUnableArch = Prisma.sql`EXISTS (
  SELECT FROM "Job" job JOIN "HostArch" declared ON declared."hostId" = job."hostId" AND declared."arch" = job."arch"
   WHERE job."id" = "Attempt"."jobId" AND declared."unable" IS NOT NULL)`

const offerColumns = Prisma.sql`a."jobId", a."number", a."lease", build."id" AS "buildId", build."projectName" AS "project",
  build."commit", COALESCE(job."branch", build."branch") AS "branch", job."arch", job."variant", recipe."body" AS "recipe", build."sourcesInfo" AS "sources"`
const offerJoins = Prisma.sql`JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
  JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"`

/** The first messages of the job find it here: its sources, its start and, if it is short, its end ask for no row. */
const justLeased = (row: OfferRow, at: { hostId: number; leasedAt: Date; until: Date }): Running => ({
  ...limitsOf(row.recipe, at.leasedAt),
  jobId: row.jobId,
  number: row.number,
  hostId: at.hostId,
  buildId: row.buildId,
  projectName: row.project,
  lease: row.lease,
  leaseUntil: at.until.getTime(),
  sources: row.sources ?? [],
  cancel: null,
  steps: '',
  started: false,
})

/**
 * The host's agent is another process than the one that took the job, and knows nothing of it: it begins anew. The former
 * may still run it, on a machine that this one stands in for: with a new lease its messages are no longer heard.
 */
async function handOver(context: Context, wish: Claim, { jobId, number }: AttemptId): Promise<SlotState> {
  const { db, random, logs, running, publish } = context
  const at = context.now()
  const changed = await db.$executeRaw`
    UPDATE "Attempt" SET "lease" = ${random()}, "instance" = ${wish.instance}, "state" = 'leased', "steps" = '[]',
           "leasedAt" = ${at}, "leaseUntil" = ${leaseEnd(context, at)}, "startedAt" = NULL
     WHERE "jobId" = ${jobId} AND "number" = ${number} AND "claim" = ${wish.claim} AND "state" IN ('leased', 'running')
       AND "instance" IS DISTINCT FROM ${wish.instance}
       AND EXISTS (SELECT FROM "Host" WHERE "id" = ${wish.hostId} AND "instance" = ${wish.instance})`
  if (changed > 0) {
    const attempt = attemptName({ jobId, number })
    running.forget(attempt)
    publish({ kind: 'revoked', attempt })
    logs.open({ jobId, number }).truncate(0)
  }
  return offerAgain(context, { jobId, number })
}

async function offerAgain({ db }: Context, { jobId, number }: AttemptId): Promise<SlotState> {
  const rows = await db.$queryRaw<OfferRow[]>`
    SELECT ${offerColumns} FROM "Attempt" a ${offerJoins}
     WHERE a."jobId" = ${jobId} AND a."number" = ${number} AND a."state" IN ('leased', 'running')`
  return rows[0] ? { kind: 'offer', offer: offerOf(rows[0]) } : { kind: 'free' }
}

const offerOf = ({ jobId, number, sources, ...row }: OfferRow): Offer => ({
  ...row,
  jobId,
  attempt: attemptName({ jobId, number }),
  sources: sources ?? [],
})
