import { attemptName } from '@rumpfarm/contracts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Statements } from '../db/client.ts'
import { isUniqueViolation } from '../db/errors.ts'
import { sql } from '../db/sql.ts'
import { inTransaction, type Tx, withEvents } from '../db/transaction.ts'
import { type NextAttempt, nextAttempts, runningJobs } from './next-attempts.ts'
import { type Offer, type OfferRow, offerColumns, offerJoins, offerOf } from './offer.ts'
import { archIsUnable, hostForbidsForks } from './queued-attempts.ts'
import { limitsOf, type RunningAttempt } from './running.ts'

export interface Claim {
  hostId: number
  /** The agent process that claims. */
  instance: string
  slot: number
  /** The number of this claim. The slot counts its claims; a repeated number is the same claim again. */
  claim: number
  /** The credential of the request, if `checkSlot` must compare it with the credential of the host. */
  credential?: string | undefined
}

export type LeaseOutcome =
  | { kind: 'offer'; offer: Offer }
  /** Nothing waits that the host may run now. */
  | { kind: 'none' }
  /** The claim may not get a job any more. The state of the slot shows the cause. */
  | { kind: 'outdated' }

/** Each round that finds only attempts of other slots was useful for these slots, so the rounds end. */
const roundsMax = 20

/**
 * Leases to a slot the attempt that the host takes next. The rows decide which one this is: a message in a queue only
 * wakes the host. The claim is out of date in two cases: the slot got another attempt at the same moment (index
 * one_attempt_per_slot), or another agent process now runs on the host.
 */
export async function leaseNext(context: Context, claim: Claim): Promise<LeaseOutcome> {
  for (let round = 0; round < roundsMax; round++) {
    const attempts = await nextAttempts(context, claim.hostId)
    if (attempts.length === 0) return { kind: 'none' }
    for (const attempt of attempts.slice(0, triesMax)) {
      const leased = await leaseAttempt(context, claim, attempt)
      if (leased === 'outdated') return { kind: 'outdated' }
      if (leased) return { kind: 'offer', offer: leased }
    }
    if (!(await isCurrent(context, claim))) return { kind: 'outdated' }
  }
  return { kind: 'none' }
}

/** How many attempts a claim tries to get before it reads again which ones wait. */
const triesMax = 3

async function isCurrent({ db }: Context, { hostId, instance }: Claim): Promise<boolean> {
  const rows = await db.query`SELECT FROM "Host" WHERE "id" = ${hostId} AND "instance" = ${instance}`
  return rows.length > 0
}

/** Undefined if the attempt is not available any more. */
async function leaseAttempt(
  context: Context,
  claim: Claim,
  attempt: NextAttempt,
): Promise<Offer | 'outdated' | undefined> {
  const at = context.now()
  const { sequence } = context.running
  try {
    const [row] = await leaseWithEmptyLog(context, claim, attempt, at)
    if (!row) return undefined
    context.running.set(runningOf(row, { hostId: claim.hostId, leasedAt: at, until: leaseEnd(context, at) }), sequence)
    return offerOf(row)
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    return 'outdated'
  }
}

export const leaseEnd = ({ settings }: Context, at: Date) => later(at, settings.leaseSeconds)

/**
 * An attempt starts with an empty log. The log can already have bytes if somebody restored the database from a backup
 * that is older than the logs. These bytes belong to another attempt with the same name, so the farm drops them before
 * the lease is visible.
 */
async function leaseWithEmptyLog(context: Context, claim: Claim, attempt: NextAttempt, at: Date): Promise<OfferRow[]> {
  const isEmpty = (await context.logs.size(attempt)) === 0
  if (isEmpty && attempt.cap === null)
    return withEvents(context, db => leaseRow(context, db, claim, attempt, at), leasedEvents)
  return inTransaction(context, async tx => {
    if (attempt.cap !== null) await lockCap(tx, attempt)
    const rows = await leaseRow(context, tx, claim, attempt, at)
    if (rows.length > 0 && !isEmpty) await context.logs.open(attempt).clear()
    for (const event of leasedEvents(rows)) tx.emit(event)
    return rows
  })
}

/** Hosts that take jobs of the same project with `jobs-at-once` take them one after the other, so that none is too many. */
const lockCap = (tx: Tx, { project }: NextAttempt) =>
  tx.query`SELECT pg_advisory_xact_lock(hashtextextended(${`jobs-at-once ${project}`}, 0))::text AS "lock"`

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
  { jobId, number, project, cap }: NextAttempt,
  at: Date,
): Promise<OfferRow[]> {
  return db.query<OfferRow>`
    WITH leased AS (
      UPDATE "OpenAttempt" SET "state" = 'leased', "slot" = ${claim.slot}, "claim" = ${claim.claim}, "lease" = ${context.random()},
             "leasedAt" = ${at}, "leaseUntil" = ${leaseEnd(context, at)}, "instance" = ${claim.instance}
        FROM "Host" host
       WHERE "jobId" = ${jobId} AND "OpenAttempt"."number" = ${number} AND "hostId" = ${claim.hostId} AND "state" = 'queued'
         AND host."id" = ${claim.hostId} AND host."instance" = ${claim.instance}
         AND NOT ${archIsUnable} AND NOT ${hostForbidsForks}
         ${cap === null ? sql`` : sql`AND ${runningJobs(sql`${project}`)} < ${cap}`}
      RETURNING "OpenAttempt".*
    ), slot AS (
      INSERT INTO "Slot" ("hostId", "number", "claim") SELECT "hostId", "slot", "claim" FROM leased
      ON CONFLICT ("hostId", "number") DO UPDATE SET "claim" = EXCLUDED."claim"
    ), turn AS (
      INSERT INTO "HostTurn" ("hostId", "projectName", "lastAt") SELECT "hostId", "projectName", "leasedAt" FROM leased
      ON CONFLICT ("hostId", "projectName") DO UPDATE SET "lastAt" = EXCLUDED."lastAt"
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
