import type { ProjectConfig } from '@rumpfarm/contracts'
import { queuedOf } from '../attempts/queued-attempts.ts'
import type { Context } from '../context.ts'
import type { Statements } from '../db/client.ts'
import { withEvents } from '../db/transaction.ts'
import type { FarmEvent } from '../events.ts'
import { expectedMainBranch } from '../matrix/branch-queries.ts'
import { firstPosition } from '../matrix/positions.rule.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import {
  buildRecipeHash,
  buildsBranch,
  buildsEachBranch,
  type PlannedJob,
  planJobs,
  type WantedCells,
} from './plan.rule.ts'
import { plannedHosts } from './planned-hosts.ts'
import { reopenSources } from './sources.ts'

export interface Push {
  project: string
  /** The full hash of the commit, in lower case. */
  commit: string
  branch?: string | undefined
  /** The sender of the push: github, webhook, api or button. */
  source: string
  /** The id that the sender gave to this push. A second push from the sender with this id makes no second build. */
  deliveryId: string
  /** Whether to make a new build even if the same commit was already built with the same recipe. */
  again?: boolean | undefined
  /** The cells to build. A later push of the commit adds the jobs of the other cells. */
  wanted?: WantedCells | undefined
  subject?: string | undefined
  author?: string | undefined
}

export type PushOutcome =
  | { kind: 'built'; buildId: number; created: boolean; jobsAdded: number }
  | { kind: 'repeated'; buildId: number | null }
  | { kind: 'branch-not-built'; branches: string[] }
  /** The push wants only some cells, and the project builds none of them. */
  | { kind: 'no-such-cell' }
  | { kind: 'unknown-project'; known: string[] }

/** Makes the build of a push with all its jobs, in one statement (ARCHITECTURE.md, "From a webhook to job rows"). */
export async function receivePush(context: Context, push: Push): Promise<PushOutcome> {
  const [projects, hosts] = await Promise.all([projectConfigs(context), plannedHosts(context)])
  const project = projects.get(push.project)
  if (!project) return { kind: 'unknown-project', known: [...projects.keys()] }
  if (push.branch !== undefined && !buildsBranch(project, push.branch)) {
    await recordUnbuilt(context, push)
    return { kind: 'branch-not-built', branches: project.branches }
  }
  const jobs = planJobs(project, hosts, push.branch ?? null, push.wanted)
  if (push.wanted && jobs.length === 0) return { kind: 'no-such-cell' }
  const branches = await branchesOf(context, push, project)
  const key = {
    reason: reasonOf(push, project),
    recipeHash: buildRecipeHash(project),
    status: project.status !== undefined,
  }
  return plan(context, push, key, jobs, branches)
}

/** The parts of a build's key that do not name its commit, and whether a forge shows the status of the commit. */
interface BuildKey {
  reason: string
  recipeHash: string
  status: boolean
}

function reasonOf({ again, source, deliveryId, branch }: Push, project: ProjectConfig): string {
  if (again) return `again ${source} ${deliveryId}`
  return branch !== undefined && buildsEachBranch(project) ? `branch ${branch}` : 'push'
}

/** The branches that may contain the commit. */
interface Branches {
  /** The farm must read the histories of these branches. */
  toRead: string[]
  /**
   * The branch to which the farm assigns the commit before it reads a history. If null, the commit belongs to no branch
   * until the farm has read the histories.
   */
  assumed: string | null
}

const branchesMax = 20

/** If a push names no branch, the farm searches for its commit in the branches that were pushed last. */
async function branchesOf(context: Context, { branch }: Push, project: ProjectConfig): Promise<Branches> {
  if (branch !== undefined) return { toRead: [branch], assumed: branch }
  const known = await context.db.models.branch.findMany({
    where: { projectName: project.name },
    select: { name: true },
    orderBy: { pushedAt: 'desc' },
    take: branchesMax,
  })
  if (known.length > 0) return { toRead: known.map(({ name }) => name), assumed: null }
  const main = await expectedMainBranch(context, project)
  return { toRead: [main], assumed: main }
}

const recordUnbuilt = ({ db, now }: Context, push: Push) =>
  db.models.push.createMany({
    data: {
      source: push.source,
      deliveryId: push.deliveryId,
      projectName: push.project,
      branch: push.branch ?? null,
      commit: push.commit,
      outcome: 'branch-not-built',
      receivedAt: now(),
    },
    skipDuplicates: true,
  })

interface PlannedRow {
  buildId: number
  created: boolean
  sources: string
  jobId: number | null
  hostId: number | null
}

async function plan(
  context: Context,
  push: Push,
  key: BuildKey,
  jobs: PlannedJob[],
  branches: Branches,
): Promise<PushOutcome> {
  const rows = await withEvents(
    context,
    db => insertBuild(db, push, context.now(), key, jobs, branches),
    planned => [...eventsOf(push, planned), ...statusEvents(key, planned)],
  )
  const [build] = rows
  if (!build) return repeated(context, push)
  const { buildId, created, sources } = build
  if (sources === 'failed') await reopenSources(context, buildId)
  return { kind: 'built', buildId, created, jobsAdded: rows.filter(({ jobId }) => jobId !== null).length }
}

const statusEvents = ({ status }: BuildKey, planned: readonly PlannedRow[]): FarmEvent[] =>
  status && planned.length > 0 ? [{ kind: 'statuses-needed' }] : []

function eventsOf({ project }: Push, rows: readonly PlannedRow[]): FarmEvent[] {
  const [build] = rows
  if (!build || build.sources === 'failed') return []
  const { buildId, created } = build
  if (created)
    return [
      { kind: 'build-created', buildId },
      { kind: 'sources-needed', buildId },
    ]
  if (build.sources !== 'ready') return [{ kind: 'sources-needed', buildId }]
  const attempts = rows.flatMap(({ jobId, hostId }) =>
    jobId === null || hostId === null ? [] : [queuedOf({ jobId, number: 1, hostId })],
  )
  return [
    { kind: 'queued', attempts },
    { kind: 'history-needed', project },
  ]
}

async function repeated({ db }: Context, push: Push): Promise<PushOutcome> {
  const known = await db.models.push.findUnique({
    where: {
      source_deliveryId_projectName: { source: push.source, deliveryId: push.deliveryId, projectName: push.project },
    },
  })
  return { kind: 'repeated', buildId: known?.buildId ?? null }
}

/**
 * Writes the push, the build, its recipes, its jobs and their first attempts in one statement. A webhook waits 1 ms for
 * this statement; it waited 6 ms for seven statements in a transaction. A build has one project, one commit, one recipe
 * hash and one reason. A push with the same four values finds this build and adds missing jobs, such as the jobs of a
 * new host.
 */
function insertBuild(
  db: Statements,
  push: Push,
  at: Date,
  { reason, recipeHash, status }: BuildKey,
  jobs: PlannedJob[],
  { toRead, assumed }: Branches,
): Promise<PlannedRow[]> {
  const recipes = [...new Map(jobs.map(job => [job.recipeHash, JSON.stringify(job.recipe)]))]
  const branch = push.branch ?? null
  return db.query<PlannedRow>`
    WITH build AS (
      INSERT INTO "Build" ("projectName", "commit", "reason", "recipeHash", "branch", "subject", "author", "createdAt")
      SELECT ${push.project}, ${push.commit}, ${reason}, ${recipeHash}, ${branch}, ${push.subject ?? null}, ${push.author ?? null}, ${at}
       WHERE NOT EXISTS (SELECT FROM "Push" WHERE "source" = ${push.source} AND "deliveryId" = ${push.deliveryId}
                            AND "projectName" = ${push.project})
      ON CONFLICT ("projectName", "commit", "reason", "recipeHash") DO UPDATE SET "branch" = COALESCE("Build"."branch", EXCLUDED."branch")
      RETURNING "id", "sources", (xmax = 0) AS "created"
    ), push AS (
      INSERT INTO "Push" ("source", "deliveryId", "projectName", "branch", "commit", "outcome", "buildId", "receivedAt")
      SELECT ${push.source}, ${push.deliveryId}, ${push.project}, ${branch}, ${push.commit}, 'built', build."id", ${at}
        FROM build
      ON CONFLICT DO NOTHING
    ), branch AS (
      INSERT INTO "Branch" AS known ("projectName", "name", "pushedAt", "historyWantedAt", "assumed")
      SELECT ${push.project}, pushed."name", ${at}, ${at}, ${branch}::text IS NULL FROM build, unnest(${toRead}::text[]) AS pushed("name")
      ON CONFLICT ("projectName", "name") DO UPDATE SET "historyWantedAt" = EXCLUDED."historyWantedAt",
        "assumed" = known."assumed" AND EXCLUDED."assumed",
        "pushedAt" = CASE WHEN known."name" = ${branch} THEN EXCLUDED."pushedAt" ELSE known."pushedAt" END
    ), placed AS (
      INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position")
      SELECT ${push.project}, ${push.commit}, ${assumed},
             COALESCE((SELECT max("position") FROM "BranchCommit"
                        WHERE "projectName" = ${push.project} AND "branch" = ${assumed}), ${firstPosition - 1}) + 1
        FROM build WHERE ${assumed}::text IS NOT NULL
      ON CONFLICT DO NOTHING
    ), recipe AS (
      INSERT INTO "Recipe" ("hash", "body")
      SELECT * FROM unnest(${recipes.map(([hash]) => hash)}::text[], ${recipes.map(([, body]) => body)}::text[]::json[])
      ON CONFLICT DO NOTHING
    ), job AS (
      INSERT INTO "Job" ("buildId", "branch", "hostId", "arch", "variant", "recipeHash")
      SELECT build."id", ${branch}, planned.* FROM build,
        unnest(${jobs.map(job => job.hostId)}::int[], ${jobs.map(job => job.arch)}::text[],
               ${jobs.map(job => job.variant)}::text[], ${jobs.map(job => job.recipeHash)}::text[]) AS planned
      ON CONFLICT DO NOTHING
      RETURNING "id", "hostId"
    ), attempt AS (
      INSERT INTO "Attempt" ("jobId", "number", "hostId", "state", "queuedAt")
      SELECT job."id", 1, job."hostId", CASE build."sources" WHEN 'ready' THEN 'queued' ELSE 'waiting' END, ${at}
        FROM job, build
    ), noted AS (
      INSERT INTO "StatusChange" ("buildId") SELECT build."id" FROM build WHERE ${status}
    )
    SELECT build."id" AS "buildId", build."created", build."sources", job."id" AS "jobId", job."hostId"
      FROM build LEFT JOIN job ON true`
}
