import { attemptName } from '@rumpfarm/contracts'
import { finishRows } from '../attempts/finish-rows.ts'
import type { Context } from '../context.ts'
import { Prisma } from '../db/client.ts'

export type CancelOutcome =
  | { kind: 'cancelled'; attempts: number }
  | { kind: 'nothing-to-cancel' }
  | { kind: 'unknown' }

/** Ends a job: at once if no host has it yet, else the host is told with its next message (within 2 s). */
export async function cancelJob(context: Context, jobId: number): Promise<CancelOutcome> {
  const known = await context.db.job.count({ where: { id: jobId } })
  return known ? cancelWhere(context, Prisma.sql`"jobId" = ${jobId}`) : { kind: 'unknown' }
}

/** Ends every job of a build. */
export async function cancelBuild(context: Context, buildId: number): Promise<CancelOutcome> {
  const known = await context.db.build.count({ where: { id: buildId } })
  const which = Prisma.sql`"jobId" IN (SELECT "id" FROM "Job" WHERE "buildId" = ${buildId})`
  return known ? cancelWhere(context, which) : { kind: 'unknown' }
}

interface AskedRow {
  jobId: number
  number: number
  buildId: number
  projectName: string
}

async function cancelWhere(context: Context, which: Prisma.Sql): Promise<CancelOutcome> {
  const unclaimed = { kind: 'many', where: Prisma.sql`"state" IN ('waiting', 'queued') AND ${which}` } as const
  const ending = {
    verdict: 'cancelled',
    failedStep: null,
    reason: 'cancelled',
    detail: 'cancelled before it began',
  } as const
  const announceAll = await context.db.$transaction(tx => finishRows(context, tx, unclaimed, ending))
  const ended = announceAll()
  const asked = await ask(context, which)
  for (const row of asked) {
    const attempt = attemptName(row)
    context.publish({ kind: 'revoked', attempt })
    context.publish({ kind: 'attempt', attempt, jobId: row.jobId, buildId: row.buildId, projectName: row.projectName })
  }
  const attempts = ended.length + asked.length
  return attempts > 0 ? { kind: 'cancelled', attempts } : { kind: 'nothing-to-cancel' }
}

const ask = ({ db, now }: Context, which: Prisma.Sql) => db.$queryRaw<AskedRow[]>`
  WITH asked AS (
    UPDATE "Attempt" SET "cancelRequestedAt" = COALESCE("cancelRequestedAt", ${now()})
     WHERE "state" IN ('leased', 'running') AND ${which} RETURNING "jobId", "number"
  )
  SELECT asked.*, job."buildId", build."projectName"
    FROM asked JOIN "Job" job ON job."id" = asked."jobId" JOIN "Build" build ON build."id" = job."buildId"`
