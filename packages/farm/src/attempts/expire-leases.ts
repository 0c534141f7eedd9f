import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { Prisma } from '../db/client.ts'
import { type EndedRow, type Ending, finishRows } from './finish-rows.ts'

const overdue = (at: Date) => Prisma.sql`
  "state" IN ('leased', 'running') AND "leaseUntil" + make_interval(secs => COALESCE((
    SELECT (recipe."body" #>> '{limits,lostAfterSeconds}')::int
      FROM "Job" job JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash" WHERE job."id" = "jobId"), 0)) < ${at}`

/**
 * Ends the attempts whose hosts have been silent for the lease and the recipe's grace: lost, and tried again by policy;
 * or cancelled, if somebody had asked for that.
 */
export async function expireLeases(context: Context): Promise<EndedRow[]> {
  const which = overdue(context.now())
  const cancelled = await end(context, Prisma.sql`"cancelRequestedAt" IS NOT NULL AND ${which}`, {
    verdict: 'cancelled',
    failedStep: null,
    reason: 'cancelled',
    detail: 'cancelled while its host was silent',
  })
  const lost = await end(context, Prisma.sql`"cancelRequestedAt" IS NULL AND ${which}`, {
    verdict: 'lost',
    failedStep: null,
    reason: 'lease-expired',
    detail: 'the host has not been heard of for longer than the recipe waits (lost-after)',
  })
  return [...cancelled, ...lost]
}

async function end(context: Context, where: Prisma.Sql, ending: Ending): Promise<EndedRow[]> {
  const announceAll = await context.db.$transaction(tx => finishRows(context, tx, { kind: 'many', where }, ending))
  return announceAll()
}

/**
 * A server that starts gives every lease its full length again: while no server ran, no host could renew.
 * Without it a restart after a longer stop would call every running job lost.
 */
export async function extendLeases({ db, now, settings }: Context): Promise<void> {
  const until = later(now(), settings.leaseSeconds)
  await db.attempt.updateMany({
    where: { state: { in: ['leased', 'running'] }, leaseUntil: { lt: until } },
    data: { leaseUntil: until },
  })
}
