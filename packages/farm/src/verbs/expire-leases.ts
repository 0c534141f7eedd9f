import { later } from '../clock.ts'
import { Prisma } from '../db.ts'
import type { Ground } from '../ground.ts'
import { type EndedRow, finishRows } from './finish-rows.ts'

const overdue = (at: Date) => Prisma.sql`
  "state" IN ('leased', 'running') AND "leaseUntil" + make_interval(secs => COALESCE((
    SELECT (recipe."body" #>> '{limits,lostAfterSeconds}')::int
      FROM "Job" job JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash" WHERE job."id" = "jobId"), 0)) < ${at}`

/**
 * Ends the attempts whose hosts have been silent for the lease and the recipe's grace: lost, and tried again by policy;
 * or cancelled, if somebody had asked for that.
 */
export async function expireLeases(ground: Ground): Promise<EndedRow[]> {
  const which = overdue(ground.now())
  const ends = await ground.db.$transaction(async tx => [
    await finishRows(ground, tx, Prisma.sql`"cancelRequestedAt" IS NOT NULL AND ${which}`, {
      verdict: 'cancelled',
      failedStep: null,
      reason: 'cancelled',
      detail: 'cancelled while its host was silent',
    }),
    await finishRows(ground, tx, which, {
      verdict: 'lost',
      failedStep: null,
      reason: 'lease-expired',
      detail: 'the host has not been heard of for longer than the recipe waits (lost-after)',
    }),
  ])
  return ends.flatMap(announceAll => announceAll())
}

/**
 * A server that starts gives every lease its full length again: while no server ran, no host could renew.
 * Without it a restart after a longer stop would call every running job lost.
 */
export async function extendLeases({ db, now, settings }: Ground): Promise<void> {
  const until = later(now(), settings.leaseSeconds)
  await db.attempt.updateMany({
    where: { state: { in: ['leased', 'running'] }, leaseUntil: { lt: until } },
    data: { leaseUntil: until },
  })
}
