import { type AttemptId, attemptName } from '@rumpfarm/contracts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Statements } from '../db/client.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { inTransaction, withEvents } from '../db/transaction.ts'
import { type Offer, type OfferRow, offerColumns, offerJoins, offerOf } from './offer.ts'
import { archIsUnable, hostForbidsForks, mustWaitForPushes } from './queued-attempts.ts'
import { limitsOf, type RunningAttempt } from './running.ts'

export interface Claim {
  hostId: number
  /** The agent process that claims. */
  instance: string
  slot: number
  /** The number of this claim. The slot counts its claims; a repeated number is the same claim again. */
  claim: number
}

/**
 * Leases an attempt to a slot if the attempt's row is still queued. The queue message about the attempt may be out of
 * date. Returns undefined if the attempt is not available any more, or if this claim may not get it. The claim may not
 * get the attempt in two cases: the slot got another attempt at the same moment (index one_attempt_per_slot), or
 * another agent process now runs on the host. In both cases, the state of the slot shows the cause, and the caller must
 * put the message back into the queue.
 */
export async function leaseAttempt(context: Context, claim: Claim, attempt: AttemptId): Promise<Offer | undefined> {
  const at = context.now()
  const { sequence } = context.running
  const [row] = await leaseWithEmptyLog(context, claim, attempt, at).catch(error => {
    if (!isUniqueViolation(error)) throw error
    return []
  })
  if (!row) return undefined
  context.running.set(runningOf(row, { hostId: claim.hostId, leasedAt: at, until: leaseEnd(context, at) }), sequence)
  return offerOf(row)
}

export const leaseEnd = ({ settings }: Context, at: Date) => later(at, settings.leaseSeconds)

/**
 * An attempt starts with an empty log. The log can already have bytes if somebody restored the database from a backup
 * that is older than the logs. These bytes belong to another attempt with the same name, so the farm drops them before
 * the lease is visible.
 */
function leaseWithEmptyLog(context: Context, claim: Claim, attempt: AttemptId, at: Date): Promise<OfferRow[]> {
  if (context.logs.size(attempt) === 0)
    return withEvents(context, db => leaseRow(context, db, claim, attempt, at), leasedEvents)
  return inTransaction(context, async tx => {
    const rows = await leaseRow(context, tx, claim, attempt, at)
    if (rows.length > 0) context.logs.open(attempt).truncate(0)
    for (const event of leasedEvents(rows)) tx.emit(event)
    return rows
  })
}

const leasedEvents = (rows: OfferRow[]) =>
  rows.map(row => ({
    kind: 'attempt' as const,
    attempt: attemptName(row),
    jobId: row.jobId,
    buildId: row.buildId,
    projectName: row.project,
  }))

function leaseRow(
  context: Context,
  db: Statements,
  claim: Claim,
  { jobId, number }: AttemptId,
  at: Date,
): Promise<OfferRow[]> {
  return db.query<OfferRow>`
    WITH leased AS (
      UPDATE "Attempt" SET "state" = 'leased', "slot" = ${claim.slot}, "claim" = ${claim.claim}, "lease" = ${context.random()},
             "leasedAt" = ${at}, "leaseUntil" = ${leaseEnd(context, at)}, "instance" = ${claim.instance}
        FROM "Host" host
       WHERE "jobId" = ${jobId} AND "Attempt"."number" = ${number} AND "hostId" = ${claim.hostId} AND "state" = 'queued'
         AND host."id" = ${claim.hostId} AND host."instance" = ${claim.instance}
         AND NOT ${archIsUnable} AND NOT ${hostForbidsForks} AND NOT ${mustWaitForPushes}
      RETURNING "Attempt".*
    ), slot AS (
      INSERT INTO "Slot" ("hostId", "number", "claim") SELECT "hostId", "slot", "claim" FROM leased
      ON CONFLICT ("hostId", "number") DO UPDATE SET "claim" = EXCLUDED."claim"
    )
    SELECT ${offerColumns} FROM leased a ${offerJoins}`
}

/**
 * The cache entry of a new lease. With this entry, the first messages of a job need no query for the attempt: the
 * request for sources, the message that the job started and, if the job is short, the finish message.
 */
const runningOf = (row: OfferRow, lease: { hostId: number; leasedAt: Date; until: Date }): RunningAttempt => ({
  ...limitsOf(row.recipe, lease.leasedAt),
  jobId: row.jobId,
  number: row.number,
  hostId: lease.hostId,
  buildId: row.buildId,
  projectName: row.project,
  lease: row.lease,
  leaseUntil: lease.until.getTime(),
  sources: row.sources ?? [],
  cancel: null,
  steps: [],
  started: false,
})
