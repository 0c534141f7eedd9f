import { attemptName, type OwnerRule } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { branchOfJob, newestAttempt } from '../db/fragments.ts'
import { withEvents } from '../db/transaction.ts'
import { permits } from '../hosts/owner.rule.ts'

export type RetryOutcome =
  | { kind: 'queued'; attempt: string }
  /** The newest attempt of the job has not ended. */
  | { kind: 'not-finished'; attempt: string }
  /** The host left the farm, its owner does not allow the job, or the sources of the build are not ready. */
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

/** Adds an attempt to a finished job, with the same recipe and sources. */
export async function retryJob(context: Context, jobId: number): Promise<RetryOutcome> {
  const newest = await readNewest(context, jobId)
  if (!newest) return { kind: 'unknown' }
  if (newest.state !== 'finished')
    return { kind: 'not-finished', attempt: attemptName({ jobId, number: newest.number }) }
  const why = whyNotRunnable(newest)
  if (why !== undefined) return { kind: 'not-runnable', why }
  const next = { jobId, number: newest.number + 1, hostId: newest.hostId }
  const attempt = attemptName(next)
  // Two people may press the button at once. The primary key accepts one attempt, and both people see this attempt.
  const added = await withEvents(
    context,
    db => db.execute`
      INSERT INTO "Attempt" ("jobId", "number", "hostId", "state", "queuedAt", "purpose")
      VALUES (${next.jobId}, ${next.number}, ${next.hostId}, 'queued', ${context.now()}, 'retry') ON CONFLICT DO NOTHING`,
    count => (count > 0 ? [{ kind: 'queued', attempts: [{ hostId: next.hostId, attempt }] }] : []),
  )
  return { kind: added > 0 ? 'queued' : 'not-finished', attempt }
}

function whyNotRunnable({ host, hostRemoved, sources, rules, project, branch }: RetryRow): string | undefined {
  if (hostRemoved) return `host ${host} has left the farm`
  if (sources !== 'ready') return 'the sources of this build are not ready'
  return permits(rules, project, branch) ? undefined : `the owner of ${host} does not allow it`
}

async function readNewest({ db }: Context, jobId: number): Promise<RetryRow | undefined> {
  const [row] = await db.query<RetryRow>`
    SELECT a."number", a."state", job."hostId", host."name" AS "host", host."removedAt" IS NOT NULL AS "hostRemoved",
           build."sources", host."rules", build."projectName" AS "project", ${branchOfJob} AS "branch"
      FROM "Job" job JOIN ${newestAttempt} a ON true JOIN "Host" host ON host."id" = job."hostId"
      JOIN "Build" build ON build."id" = job."buildId"
     WHERE job."id" = ${jobId}`
  return row
}
