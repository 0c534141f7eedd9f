import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import { hash, later } from '../clock.ts'
import type { Context } from '../context.ts'
import { isActive, isQueued } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import { inTransaction, withEvents } from '../db/transaction.ts'
import { tooOld } from '../hosts/agent-version.rule.ts'
import { endAttempts } from './end-attempts.ts'
import { farmEnds } from './ends.rule.ts'
import { type Claim, leaseEnd } from './lease.ts'
import { type Offer, type OfferRow, offerColumns, offerJoins, offerOf } from './offer.ts'

/** The host's own state, which it reports with a claim. */
export interface HostCondition {
  diskFreeMb?: number | undefined
  /** Why the host takes no jobs now. */
  refusal?: string | undefined
}

export type SlotState =
  /** The slot may take a job. If `idle` is true, no job waits for the host. */
  | { kind: 'free'; idle?: boolean }
  /** The host repeats a claim, so it gets the same job again. */
  | { kind: 'offer'; offer: Offer }
  /**
   * The claim is a late duplicate, or the host missed the answer to its last claim. `newest` is the number of the
   * slot's newest claim.
   */
  | { kind: 'stale'; newest: number }
  /** The host is removed, or has another credential now. */
  | { kind: 'unknown-credential' }
  | { kind: 'other-instance' }
  /** The host has fewer slots than the number of this slot. */
  | { kind: 'no-slot' }
  /** An administrator paused or removed the host. */
  | { kind: 'paused' }
  /** The agent is older than the farm allows, so the host finishes its jobs and gets no new jobs. */
  | { kind: 'too-old'; why: string }

interface SlotRow {
  instance: string | null
  paused: boolean
  agentVersion: string
  slots: number
  /** Whether an attempt waits for the host. */
  waiting: boolean
  newest: number | null
  jobId: number | null
  number: number | null
  claim: number | null
  /** The agent process that claimed the attempt. */
  holder: string | null
}

/**
 * The state of a slot. Also renews the host's last-seen time. If a host requests a new job while the slot still has a
 * job, the host has lost the old job. The attempt of the old job then ends as lost, so that its successor can run.
 */
export async function checkSlot(context: Context, claim: Claim, condition: HostCondition = {}): Promise<SlotState> {
  const row = await readSlot(context, claim, condition)
  if (!row) return { kind: claim.credential === undefined ? 'other-instance' : 'unknown-credential' }
  if (row.instance !== claim.instance) return { kind: 'other-instance' }
  if (row.jobId !== null && row.number !== null && row.claim !== null) {
    const attempt = { jobId: row.jobId, number: row.number }
    if (row.claim === claim.claim)
      return row.holder === claim.instance ? repeatOffer(context, attempt) : restart(context, claim, attempt)
    if (row.claim > claim.claim) return { kind: 'stale', newest: row.claim }
    await endForgotten(context, attempt)
  } else if (row.newest !== null && row.newest >= claim.claim) return { kind: 'stale', newest: row.newest }
  if (claim.slot > row.slots) return { kind: 'no-slot' } // checked only now, so that a job in such a slot goes on
  if (row.paused) return { kind: 'paused' }
  const why = tooOld(row.agentVersion, context.settings.agentVersionMin)
  return why === null ? { kind: 'free', idle: !row.waiting } : { kind: 'too-old', why }
}

/**
 * Reads the state of a slot. Writes the last-seen time at most every 10 s, or every ninth of a lease if that is less,
 * because a host that runs short jobs claims several times a second.
 */
async function readSlot(
  { db, now, settings }: Context,
  claim: Claim,
  condition: HostCondition,
): Promise<SlotRow | undefined> {
  const at = now()
  const refusal = condition.refusal ?? null
  const credentialHash = claim.credential === undefined ? null : hash(claim.credential)
  const isClaimant = sql`"Host"."id" = ${claim.hostId}
    AND (${credentialHash}::text IS NULL OR ("Host"."credentialHash" = ${credentialHash} AND "Host"."removedAt" IS NULL))`
  const [row] = await db.query<SlotRow>`
    WITH seen AS (
      UPDATE "Host" SET "lastSeenAt" = ${at}, "awaySince" = NULL, "refusal" = ${refusal},
             "diskFreeMb" = COALESCE(${condition.diskFreeMb ?? null}::int, "diskFreeMb")
       WHERE ${isClaimant} AND "instance" = ${claim.instance}
         AND ("lastSeenAt" < ${later(at, -Math.min(settings.leaseSeconds / 9, 10))} OR "awaySince" IS NOT NULL
              OR "refusal" IS DISTINCT FROM ${refusal} OR "diskFreeMb" IS NULL)
    )
    SELECT "Host"."instance", "agentVersion", "slots", ("pausedAt" IS NOT NULL OR "removedAt" IS NOT NULL) AS "paused",
           (SELECT true FROM "OpenAttempt" WHERE "hostId" = ${claim.hostId} AND ${isQueued} LIMIT 1) IS TRUE AS "waiting",
           slot."claim" AS "newest", a."jobId", a."number", a."claim", a."instance" AS "holder"
      FROM "Host"
      LEFT JOIN "Slot" slot ON slot."hostId" = "Host"."id" AND slot."number" = ${claim.slot}
      LEFT JOIN "OpenAttempt" a ON a."hostId" = "Host"."id" AND a."slot" = ${claim.slot} AND ${isActive}
     WHERE ${isClaimant}`
  return row
}

const endForgotten = (context: Context, { jobId, number }: AttemptId) =>
  inTransaction(context, tx =>
    endAttempts(
      context,
      tx,
      { kind: 'one', where: sql`"jobId" = ${jobId} AND "number" = ${number}` },
      farmEnds.forgotten,
    ),
  )

/**
 * Makes the present agent process start the job again. The present process has no data of the job, because an earlier
 * agent process claimed the job. The earlier process may still run, on a machine that was replaced. Because of the new
 * lease, the farm rejects the messages of the earlier process.
 */
async function restart(context: Context, claim: Claim, { jobId, number }: AttemptId): Promise<SlotState> {
  const { random, logs, running } = context
  const at = context.now()
  const attempt = attemptName({ jobId, number })
  const changed = await withEvents(
    context,
    db => db.execute`
      UPDATE "OpenAttempt" SET "lease" = ${random()}, "instance" = ${claim.instance}, "state" = 'leased', "steps" = '[]',
             "leasedAt" = ${at}, "leaseUntil" = ${leaseEnd(context, at)}, "startedAt" = NULL
       WHERE "jobId" = ${jobId} AND "number" = ${number} AND "claim" = ${claim.claim} AND ${isActive}
         AND "instance" IS DISTINCT FROM ${claim.instance}
         AND EXISTS (SELECT FROM "Host" WHERE "id" = ${claim.hostId} AND "instance" = ${claim.instance})`,
    rows => (rows > 0 ? [{ kind: 'revoked', attempt }] : []),
  )
  if (changed > 0) {
    running.invalidate(attempt)
    await logs.open({ jobId, number }).clear()
  }
  return repeatOffer(context, { jobId, number })
}

async function repeatOffer({ db }: Context, { jobId, number }: AttemptId): Promise<SlotState> {
  const [row] = await db.query<OfferRow>`
    SELECT ${offerColumns} FROM "OpenAttempt" a ${offerJoins}
     WHERE a."jobId" = ${jobId} AND a."number" = ${number} AND ${isActive}`
  return row ? { kind: 'offer', offer: offerOf(row) } : { kind: 'free' }
}
