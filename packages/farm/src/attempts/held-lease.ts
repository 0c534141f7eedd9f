import { type AttemptId, attemptName, type StepEnd } from '@rumpfarm/contracts'
import type { Recipe } from '../builds/plan.rule.ts'
import type { PreparedSource } from '../builds/prepared-source.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { isActive, joinJobAndBuild, joinRecipe } from '../db/fragments.ts'
import { limitsOf, type RunningAttempt } from './running.ts'

/** A host, the attempt of its message, and the lease in the message. The host may no longer hold the attempt. */
export interface Holder extends AttemptId {
  hostId: number
  lease: string
}

/**
 * The attempt, if this host holds it with this lease. The farm renews the lease in the database after a third of its
 * length, or after 30 s if that is less. An update at each heartbeat (2 s) of 1,000 hosts would be 500 updates a
 * second.
 */
export async function holdLease(context: Context, holder: Holder): Promise<RunningAttempt | 'unknown' | 'lease-lost'> {
  const { now, settings, running } = context
  const name = attemptName(holder)
  const cached = running.get(name)
  const fresh =
    cached !== undefined &&
    cached.leaseUntil - now().getTime() > (settings.leaseSeconds - renewSeconds(settings)) * 1000
  const attempt = fresh ? cached : await renew(context, holder)
  if (attempt === undefined) {
    running.invalidate(name)
    return (await exists(context, holder)) ? 'lease-lost' : 'unknown'
  }
  if (attempt.hostId !== holder.hostId) return 'unknown'
  return attempt.lease === holder.lease ? attempt : 'lease-lost'
}

const renewSeconds = ({ leaseSeconds }: Context['settings']) => Math.min(leaseSeconds / 3, 30)

async function exists({ db }: Context, { jobId, number, hostId }: Holder): Promise<boolean> {
  const rows = await db.query`
    SELECT FROM "Attempt" WHERE "jobId" = ${jobId} AND "number" = ${number} AND "hostId" = ${hostId}`
  return rows.length > 0
}

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

async function renew(context: Context, holder: Holder): Promise<RunningAttempt | undefined> {
  const { db, now, settings, running } = context
  const { jobId, number, hostId, lease } = holder
  const until = later(now(), settings.leaseSeconds)
  const { sequence } = running
  const [row] = await db.query<RenewedRow>`
    WITH renewed AS (
      UPDATE "OpenAttempt" SET "leaseUntil" = ${until}
       WHERE "jobId" = ${jobId} AND "number" = ${number} AND "hostId" = ${hostId} AND "lease" = ${lease} AND ${isActive}
      RETURNING *
    ), host AS (
      UPDATE "Host" SET "lastSeenAt" = ${now()}, "awaySince" = NULL FROM renewed WHERE "Host"."id" = renewed."hostId"
    )
    SELECT job."buildId", build."projectName", a."cancelRequestedAt" IS NOT NULL AS "cancelled", a."leasedAt",
           a."state" = 'running' AS "started", a."steps", recipe."body" AS "recipe", build."sourcesInfo" AS "sources"
      FROM renewed a ${joinJobAndBuild} ${joinRecipe}`
  if (!row) return undefined
  const attempt = {
    ...limitsOf(row.recipe, row.leasedAt),
    jobId,
    number,
    hostId,
    lease,
    leaseUntil: until.getTime(),
    buildId: row.buildId,
    projectName: row.projectName,
    cancel: row.cancelled ? 'cancelled' : null,
    sources: row.sources ?? [],
    steps: row.steps,
    started: row.started,
  }
  running.set(attempt, sequence)
  return attempt
}
