import { attemptName, type OwnerRule } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { permits } from '../hosts/owner.rule.ts'

export type RetryOutcome =
  | { kind: 'queued'; attempt: string }
  /** Its newest attempt has not ended. */
  | { kind: 'not-finished'; attempt: string }
  /** The host left the farm, or the sources of the build cannot be had: trigger the build again. */
  | { kind: 'not-runnable'; why: string }
  | { kind: 'unknown' }

interface RetryRow {
  number: number
  state: string
  hostId: number
  host: string
  hostRemoved: boolean
  sources: string
  rules: OwnerRule[]
  project: string
  branch: string | null
}

/** A person wants a finished job to run once more, with the same recipe and sources. */
export async function retryJob(context: Context, jobId: number): Promise<RetryOutcome> {
  const newest = await newestAttempt(context, jobId)
  if (!newest) return { kind: 'unknown' }
  if (newest.state !== 'finished')
    return { kind: 'not-finished', attempt: attemptName({ jobId, number: newest.number }) }
  if (newest.hostRemoved) return { kind: 'not-runnable', why: `host ${newest.host} has left the farm` }
  if (newest.sources !== 'ready') return { kind: 'not-runnable', why: 'the sources of this build are not there' }
  if (!permits(newest.rules, newest.project, newest.branch))
    return { kind: 'not-runnable', why: `the owner of ${newest.host} does not allow it` }
  const next = { jobId, number: newest.number + 1 }
  const attempt = attemptName(next)
  // Two people who press at once: the primary key lets one through, and the other sees the first one's attempt.
  const { count } = await context.db.attempt.createMany({
    data: { ...next, hostId: newest.hostId, state: 'queued', queuedAt: context.now() },
    skipDuplicates: true,
  })
  if (count === 0) return { kind: 'not-finished', attempt }
  context.publish({ kind: 'queued', attempts: [{ hostId: newest.hostId, attempt }] })
  return { kind: 'queued', attempt }
}

async function newestAttempt({ db }: Context, jobId: number): Promise<RetryRow | undefined> {
  const rows = await db.$queryRaw<RetryRow[]>`
    SELECT a."number", a."state", job."hostId", host."name" AS "host", host."removedAt" IS NOT NULL AS "hostRemoved",
           build."sources", host."rules", build."projectName" AS "project",
           COALESCE(job."branch", build."branch") AS "branch"
      FROM "Job" job JOIN "Attempt" a ON a."jobId" = job."id" JOIN "Host" host ON host."id" = job."hostId"
      JOIN "Build" build ON build."id" = job."buildId"
     WHERE job."id" = ${jobId} ORDER BY a."number" DESC LIMIT 1`
  return rows[0]
}
