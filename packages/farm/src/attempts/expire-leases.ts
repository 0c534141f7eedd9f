import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { isActive } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { type EndedRow, endAttempts } from './end-attempts.ts'
import { type AttemptEnd, farmEnds } from './ends.rule.ts'

const isOverdue = (at: Date) => sql`
  ${isActive} AND "leaseUntil" + make_interval(secs => COALESCE((
    SELECT (recipe."body" #>> '{limits,lostAfterSeconds}')::int
      FROM "Job" job JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash" WHERE job."id" = "jobId"), 0)) < ${at}`

/**
 * Ends each attempt whose host was silent for the lease and then for the recipe's lost-after time. If a person
 * requested a cancel, the attempt ends as cancelled. Otherwise the attempt ends as lost, and the job runs again if the
 * recipe allows another attempt.
 */
export async function expireLeases(context: Context): Promise<EndedRow[]> {
  const overdue = isOverdue(context.now())
  const cancelled = await end(
    context,
    sql`"cancelRequestedAt" IS NOT NULL AND ${overdue}`,
    farmEnds.cancelledWhileSilent,
  )
  const lost = await end(context, sql`"cancelRequestedAt" IS NULL AND ${overdue}`, farmEnds.leaseExpired)
  return [...cancelled, ...lost]
}

const end = (context: Context, where: Sql, how: AttemptEnd) =>
  inTransaction(context, tx => endAttempts(context, tx, { kind: 'many', where }, how))

/**
 * Gives every lease its full length again, because no host could renew its lease while no server ran. Without this, a
 * start after a long stop would end every running job as lost.
 */
export async function extendLeases(tx: Tx, { leaseSeconds }: Context['settings']): Promise<void> {
  const until = later(tx.now(), leaseSeconds)
  await tx.execute`UPDATE "OpenAttempt" SET "leaseUntil" = ${until} WHERE ${isActive} AND "leaseUntil" < ${until}`
}
