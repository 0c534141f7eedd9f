import { addAttempts } from '../attempts/add-attempts.ts'
import { queuedOf } from '../attempts/queued-attempts.ts'
import type { Recipe } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import { isQueued } from '../db/fragments.ts'
import { sql } from '../db/sql.ts'
import type { Tx } from '../db/transaction.ts'
import { priorityOf } from '../queue/priority.rule.ts'
import type { Step } from './next-probe.rule.ts'
import { probeRecipe, recipeHashOf } from './probe-recipe.rule.ts'
import type { BisectionRows, CellRow } from './rows.ts'

export type ProbeStep = Extract<Step, { kind: 'probe' }>

/** `busy`: a job of a push waits on the host, or the host already has a probe. */
export type ProbeStart = 'started' | 'busy' | 'host-gone'

/**
 * Adds the build, the job and the attempt of a probe. A repeated probe of a commit is a further attempt of the same job.
 */
export async function startProbe(
  context: Context,
  tx: Tx,
  rows: BisectionRows,
  step: ProbeStep,
  /** How many probes the same step has started before. */
  before = 0,
): Promise<ProbeStart> {
  const own = rows.cells[step.cell]
  if (!own) return 'host-gone'
  const cell = { ...own, hostId: step.hostId ?? own.hostId }
  const ready = await readHost(tx, cell)
  if (!ready || ready.removed) return 'host-gone'
  if (ready.busy) return 'busy'
  const build = await addBuild(context, tx, rows, step, cell)
  const job = await addAttempt(context, tx, rows, cell, build)
  await addProbe(context, tx, rows, step, { ...job, hostId: cell.hostId, before })
  if (build.sources === 'ready') tx.emit({ kind: 'queued', attempts: [queuedOf({ ...job, hostId: cell.hostId })] })
  else tx.emit({ kind: 'sources-needed', buildId: build.id })
  return 'started'
}

async function readHost(tx: Tx, { hostId }: CellRow): Promise<{ removed: boolean; busy: boolean } | undefined> {
  const [host] = await tx.query<{ removed: boolean; busy: boolean }>`
    SELECT "removedAt" IS NOT NULL AS "removed",
           EXISTS (SELECT FROM "OpenAttempt" WHERE "hostId" = ${hostId} AND ${isQueued} AND "purpose" <> 'probe')
           OR EXISTS (SELECT FROM "Probe" WHERE "hostId" = ${hostId} AND "purpose" IS NOT NULL AND "verdict" IS NULL) AS "busy"
      FROM "Host" WHERE "id" = ${hostId}`
  return host
}

interface ProbeBuild {
  id: number
  sources: string
  recipeHash: string
}

async function addBuild(
  { now }: Context,
  tx: Tx,
  { bisection, commits }: BisectionRows,
  { position }: ProbeStep,
  cell: CellRow,
): Promise<ProbeBuild> {
  const recipe = probeRecipe(await readRecipe(tx, cell.jobId), bisection, bisection.expectedMs)
  const recipeHash = recipeHashOf(recipe)
  await tx.execute`
    INSERT INTO "Recipe" ("hash", "body") VALUES (${recipeHash}, ${JSON.stringify(recipe)}::json) ON CONFLICT DO NOTHING`
  const tested = position === 0 ? undefined : commits[position - 1]
  const [build] = await tx.query<{ id: number; sources: string; created: boolean }>`
    INSERT INTO "Build" AS build ("projectName", "commit", "reason", "recipeHash", "branch", "subject", "author", "createdAt", "cause")
    VALUES (${bisection.projectName}, ${tested?.commit ?? bisection.goodCommit}, ${reasonOf(bisection.id)}, ${recipeHash},
            ${bisection.branch}, ${tested?.subject ?? null}, ${tested?.author ?? null}, ${now()}, 'bisection')
    ON CONFLICT ("projectName", "commit", "reason", "recipeHash") DO UPDATE
      SET "sources" = CASE build."sources" WHEN 'failed' THEN 'pending' ELSE build."sources" END
    RETURNING "id", "sources", (xmax = 0) AS "created"`
  if (!build) throw new Error('the build of a probe was not written')
  if (build.created) tx.emit({ kind: 'build-created', buildId: build.id })
  return { ...build, recipeHash }
}

/** The reason of the builds of a bisection. */
const reasonOf = (bisectionId: number): string => `bisect ${bisectionId}`

async function readRecipe(tx: Tx, jobId: number): Promise<Recipe> {
  const [row] = await tx.query<{ body: Recipe }>`
    SELECT recipe."body" FROM "Job" job JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash" WHERE job."id" = ${jobId}`
  if (!row) throw new Error(`job ${jobId} has no recipe`)
  return row.body
}

async function addAttempt(
  { now }: Context,
  tx: Tx,
  { bisection }: BisectionRows,
  { hostId, arch, variant }: CellRow,
  build: ProbeBuild,
): Promise<{ jobId: number; number: number }> {
  const [job] = await tx.query<{ id: number }>`
    INSERT INTO "Job" AS job ("buildId", "projectName", "branch", "hostId", "arch", "variant", "recipeHash")
    VALUES (${build.id}, ${bisection.projectName}, ${bisection.branch}, ${hostId}, ${arch}, ${variant}, ${build.recipeHash})
    ON CONFLICT ("buildId", "hostId", "arch", "variant") DO UPDATE SET "status" = 'open'
    RETURNING "id"`
  if (!job) throw new Error('the job of a probe was not written')
  const state = build.sources === 'ready' ? 'queued' : 'waiting'
  const [attempt] = await addAttempts(
    tx,
    sql`
      SELECT ${job.id}::bigint AS "jobId", COALESCE(max("number"), 0) + 1 AS "number", ${hostId}::int AS "hostId", ${state}::text AS "state",
             ${now()}::timestamptz AS "queuedAt", 'probe' AS "purpose", ${priorityOf('bisection')}::int AS "priority", false AS "fork",
             ${bisection.projectName}::text AS "projectName", ${build.id}::int AS "buildId"
        FROM "Attempt" WHERE "jobId" = ${job.id}`,
  )
  if (!attempt) throw new Error('the attempt of a probe was not written')
  return { jobId: job.id, number: attempt.number }
}

const addProbe = (
  { now }: Context,
  tx: Tx,
  { bisection, probes }: BisectionRows,
  { position, cell, purpose }: ProbeStep,
  { jobId, number, hostId, before }: { jobId: number; number: number; hostId: number; before: number },
) => tx.execute`
  INSERT INTO "Probe" ("bisectionId", "number", "position", "cell", "hostId", "purpose", "jobId", "attempt", "createdAt")
  VALUES (${bisection.id}, ${probes.length + before + 1}, ${position}, ${cell}, ${hostId}, ${purpose}, ${jobId}, ${number}, ${now()})`
