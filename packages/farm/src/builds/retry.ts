import { attemptName, type RetrySelection } from '@rumpfarm/contracts'
import { addAttempts } from '../attempts/add-attempts.ts'
import { queuedOf } from '../attempts/queued-attempts.ts'
import type { Context } from '../context.ts'
import type { Statements } from '../db/client.ts'
import { branchOfJob, newestAttempt } from '../db/fragments.ts'
import { type Sql, sql } from '../db/sql.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { priorityOf } from '../queue/priority.rule.ts'
import { noteStatusChanges } from '../statuses/changes.ts'
import {
  countHosts,
  type NewAttempt,
  planRetries,
  type RefusedRetry,
  type RetryCandidate,
  type RetryPlan,
} from './retry.rule.ts'

export type RetryOutcome =
  | { kind: 'queued'; attempt: string }
  /** The newest attempt of the job has not ended. */
  | { kind: 'not-finished'; attempt: string }
  /** The host left the farm, its owner does not allow the job, or a bisection made the job. */
  | { kind: 'not-runnable'; why: string }
  | { kind: 'unknown' }

/** What a request to run many jobs again does, or would do. */
export interface Retries {
  /** How many jobs run again. */
  jobs: number
  hosts: { host: string; jobs: number }[]
  /** The names of the new attempts; empty if the farm changed nothing. */
  attempts: string[]
  /** How many of the jobs have not ended. They do not run again. */
  open: number
  refused: RefusedRetry[]
}

export type RetriesOutcome =
  | ({ kind: 'retried' } & Retries)
  | { kind: 'too-many-jobs'; max: number }
  | { kind: 'unknown' }

export interface RetryOptions {
  /** Only answer which jobs would run again. */
  dryRun?: boolean | undefined
}

/** At most this many jobs run again after one request. A build has at most hosts × arches × variants jobs. */
export const retriesMax = 5_000
/** Lost jobs that ended earlier do not run again, because their commits are old. */
export const lostDaysMax = 7

/** Adds an attempt to a finished job, with the same recipe and sources. */
export async function retryJob(context: Context, jobId: number): Promise<RetryOutcome> {
  const { attempts, open, refused } = await change(context, sql`job."id" = ${jobId}`, 'all')
  const [attempt] = attempts
  if (attempt) return { kind: 'queued', attempt: attemptName(attempt) }
  if (open[0] !== undefined) return { kind: 'not-finished', attempt: open[0] }
  return refused[0] ? { kind: 'not-runnable', why: refused[0].why } : { kind: 'unknown' }
}

/** Adds an attempt to each finished job of a build that belongs to the selection. */
export async function retryBuild(
  context: Context,
  buildId: number,
  { which, ...options }: RetryOptions & { which: RetrySelection },
): Promise<RetriesOutcome> {
  const known = await context.db.models.build.count({ where: { id: buildId } })
  return known ? retryAll(context, sql`job."buildId" = ${buildId}`, which, options) : { kind: 'unknown' }
}

/** Adds an attempt to each job whose newest attempt was lost in the last `lostDaysMax` days. */
export async function retryLost(
  context: Context,
  { project, ...options }: RetryOptions & { project?: string | undefined },
): Promise<Exclude<RetriesOutcome, { kind: 'unknown' }>> {
  return retryAll(context, lostJobs(context.now(), project), 'lost', options)
}

/** The index `lost_attempts` finds these jobs. A lost probe of a bisection gets its next attempt from the bisection. */
export const lostJobs = (at: Date, project: string | undefined): Sql => sql`
  job."id" IN (SELECT "jobId" FROM "FinishedAttempt" WHERE "verdict" = 'lost'
                  AND "finishedAt" > ${new Date(at.getTime() - lostDaysMax * 86_400_000)})
  AND a."verdict" = 'lost' AND build."cause" <> 'bisection'
  AND (${project ?? null}::text IS NULL OR build."projectName" = ${project ?? null})`

async function retryAll(
  context: Context,
  where: Sql,
  which: RetrySelection,
  { dryRun }: RetryOptions,
): Promise<Exclude<RetriesOutcome, { kind: 'unknown' }>> {
  const expected = planRetries(await readCandidates(context.db, where), which)
  if (expected.attempts.length > retriesMax) return { kind: 'too-many-jobs', max: retriesMax }
  if (dryRun) return { kind: 'retried', ...retriesOf(expected), attempts: [] }
  return { kind: 'retried', ...retriesOf(await change(context, where, which)) }
}

const retriesOf = ({ attempts, open, refused }: RetryPlan): Retries => ({
  jobs: attempts.length,
  hosts: countHosts(attempts),
  attempts: attempts.map(attemptName),
  open: open.length,
  refused,
})

/**
 * Adds the attempts in one transaction. The lock on the builds orders it with the end of their preparation: otherwise an
 * attempt could wait for sources that are already ready. If a request comes twice, the second one finds open attempts.
 */
function change(context: Context, where: Sql, which: RetrySelection): Promise<RetryPlan> {
  return inTransaction(context, async tx => {
    await tx.query`
      SELECT "id" FROM "Build" WHERE "id" IN (SELECT job."buildId" FROM ${candidates} WHERE ${where})
       ORDER BY "id" FOR NO KEY UPDATE`
    const plan = planRetries(await readCandidates(tx, where), which)
    const attempts = plan.attempts.slice(0, retriesMax)
    const names = await retryAttempts(tx, attempts)
    await reopen(tx, plan.reopened)
    // The farm can add an attempt meanwhile, to confirm a failure. Then the job has an open attempt with the same name.
    const already = attempts.map(attemptName).filter(name => !names.has(name))
    return {
      ...plan,
      attempts: attempts.filter(attempt => names.has(attemptName(attempt))),
      open: [...plan.open, ...already],
    }
  })
}

/** Returns the names of the attempts that it added. */
async function retryAttempts(tx: Tx, attempts: readonly NewAttempt[]): Promise<Set<string>> {
  if (attempts.length === 0) return new Set()
  const added = await addAttempts(
    tx,
    sql`
      SELECT wanted."jobId", wanted."number", wanted."hostId", wanted."state", ${tx.now()}::timestamptz AS "queuedAt", 'retry' AS "purpose",
             ${priorityOf('hand')}::int AS "priority", build."fork", build."projectName", build."id" AS "buildId"
        FROM jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb)
          AS wanted("jobId" bigint, "number" int, "hostId" int, "state" text, "buildId" int)
        JOIN "Build" build ON build."id" = wanted."buildId"`,
  )
  const names = new Set(added.map(attemptName))
  const queued = added.filter(({ state }) => state === 'queued')
  if (queued.length > 0) tx.emit({ kind: 'queued', attempts: queued.map(queuedOf) })
  await noteStatusChanges(
    tx,
    attempts.map(({ buildId }) => buildId),
  )
  return names
}

/** The farm prepares the sources of these builds again. */
async function reopen(tx: Tx, buildIds: readonly number[]): Promise<void> {
  if (buildIds.length === 0) return
  await tx.execute`
    UPDATE "Build" SET "sources" = 'pending', "sourcesInfo" = NULL
     WHERE "id" = ANY(${[...buildIds]}::int[]) AND "sources" = 'failed'`
  for (const buildId of buildIds) tx.emit({ kind: 'sources-needed', buildId })
}

const candidates = sql`"Job" job JOIN ${newestAttempt} a ON true JOIN "Host" host ON host."id" = job."hostId"
  JOIN "Build" build ON build."id" = job."buildId"`

/** One more than the limit shows that there are more. A build can also have this many jobs that do not run again. */
const readMax = 2 * retriesMax + 1

const readCandidates = (db: Pick<Statements, 'query'>, where: Sql) => db.query<RetryCandidate>`${candidateQuery(where)}`

export const candidateQuery = (where: Sql): Sql => sql`
  SELECT job."id" AS "jobId", a."number", a."state", a."verdict", job."buildId", build."sources",
         substring(build."reason" FROM '^bisect ([0-9]{1,9})$')::int AS "bisection",
         build."kind" = 'try' AS "isTry", job."hostId", host."name" AS "host",
         host."removedAt" IS NOT NULL AS "hostRemoved", host."rules", build."projectName" AS "project",
         ${branchOfJob} AS "branch", build."fork"
    FROM ${candidates} WHERE ${where} ORDER BY job."id" LIMIT ${readMax}`
