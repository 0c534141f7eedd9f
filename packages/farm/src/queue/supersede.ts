import type { AttemptState, ProjectConfig } from '@rumpfarm/contracts'
import { endAttempts } from '../attempts/end-attempts.ts'
import { supersededEnd } from '../attempts/ends.rule.ts'
import { requestCancel } from '../builds/cancel.ts'
import type { Context } from '../context.ts'
import { branchOfJob, ofBranch } from '../db/fragments.ts'
import { join, type Sql, sql } from '../db/sql.ts'
import { inTransaction } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { usualJobMs } from './slow-host.rule.ts'
import { type CellAttempt, coalesces, supersededWords, supersedes } from './supersede.rule.ts'
import { recordSuperseded } from './superseded.ts'

/** On each host, the farm looks at the newest open attempts of the project, at most this many. */
const openMax = 1_000
const hostsMax = 5_000

/**
 * Ends the waiting jobs of older builds that the jobs of a build make unnecessary, and cancels the running ones if
 * farm.yaml says so. Call this when the jobs of the build can run. A second call finds nothing more.
 */
export async function supersedeOlder(context: Context, buildId: number): Promise<void> {
  const build = await findBuild(context, buildId)
  const project = build && (await projectConfigs(context)).get(build.project)
  if (!build || !project) return
  const hosts = await hostsToLookAt(context, buildId, project)
  if (hosts.length === 0) return
  const found = await olderAttempts(context, build, hosts)
  const older = found.filter(attempt => supersedes(build, attempt))
  const coalescing = new Set(hosts.filter(host => host.coalesces).map(({ id }) => id))
  const waiting = older.filter(({ state, hostId }) => isWaiting(state) && coalescing.has(hostId))
  const running = project.cancelSuperseded ? older.filter(({ state }) => !isWaiting(state)) : []
  const words = supersededWords(build.branch, buildId)
  if (waiting.length > 0) await endWaiting(context, waiting, words, buildId)
  if (running.length > 0) {
    const requested = await requestCancel(context, named(running), words)
    await recordSuperseded(context.db, requested, buildId, context.now())
  }
}

const isWaiting = (state: AttemptState): boolean => state === 'waiting' || state === 'queued'

interface NewBuild extends Omit<CellAttempt, 'purpose'> {
  project: string
  branch: string
}

/** Undefined if the build has no branch: its jobs have no cells. */
async function findBuild({ db }: Context, buildId: number): Promise<NewBuild | undefined> {
  const [build] = await db.query<NewBuild>`
    SELECT build."id" AS "buildId", build."projectName" AS "project", build."branch", build."cause",
           (SELECT max(a."priority") FROM "OpenAttempt" a JOIN "Job" job ON job."id" = a."jobId"
             WHERE job."buildId" = build."id") AS "priority"
      FROM "Build" build WHERE build."id" = ${buildId} AND ${ofBranch} AND build."branch" IS NOT NULL`
  return build
}

interface HostToLookAt {
  id: number
  coalesces: boolean
}

async function hostsToLookAt(
  { db }: Context,
  buildId: number,
  { coalesce, cancelSuperseded }: ProjectConfig,
): Promise<HostToLookAt[]> {
  if (coalesce === false && !cancelSuperseded) return []
  const hosts = await db.query<{ id: number; recentJobMs: number[] }>`
    SELECT "id", "recentJobMs" FROM "Host" WHERE "id" IN (SELECT "hostId" FROM "Job" WHERE "buildId" = ${buildId})
     LIMIT ${hostsMax}`
  return hosts
    .map(({ id, recentJobMs }) => ({ id, coalesces: coalesces(coalesce, usualJobMs(recentJobMs)) }))
    .filter(host => host.coalesces || cancelSuperseded)
}

interface OlderAttempt extends CellAttempt {
  jobId: number
  number: number
  hostId: number
  state: AttemptState
}

/** The open attempts of older builds in the cells in which the build has an open attempt. */
const olderAttempts = ({ db }: Context, { buildId, project, branch }: NewBuild, hosts: readonly HostToLookAt[]) =>
  db.query<OlderAttempt>`
    SELECT a."jobId", a."number", a."hostId", a."state", a."purpose", a."priority", a."buildId", build."cause"
      FROM unnest(${hosts.map(({ id }) => id)}::int[]) AS host("id")
     CROSS JOIN LATERAL (
       SELECT * FROM "OpenAttempt" WHERE "hostId" = host."id" AND "projectName" = ${project} AND "buildId" < ${buildId}
        ORDER BY "buildId" DESC LIMIT ${openMax}) a
      JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
     WHERE ${ofBranch} AND ${branchOfJob} = ${branch} AND a."cancelRequestedAt" IS NULL
       AND EXISTS (SELECT FROM "Job" newer JOIN "OpenAttempt" open ON open."jobId" = newer."id" AND open."state" IN ('waiting', 'queued')
                    WHERE newer."buildId" = ${buildId} AND newer."hostId" = job."hostId" AND newer."arch" = job."arch"
                      AND newer."variant" = job."variant")`

const endWaiting = (context: Context, older: readonly OlderAttempt[], words: string, newer: number) =>
  inTransaction(context, async tx => {
    const ended = await endAttempts(
      context,
      tx,
      { kind: 'many', where: sql`"state" IN ('waiting', 'queued') AND ${named(older)}` },
      supersededEnd(words),
    )
    await recordSuperseded(tx, ended, newer, tx.now())
  })

const named = (attempts: readonly OlderAttempt[]): Sql =>
  sql`("jobId", "number") IN (${join(attempts.map(({ jobId, number }) => sql`(${jobId}::bigint, ${number}::int)`))})`
