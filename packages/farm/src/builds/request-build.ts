import type { BuildCause, ProjectConfig } from '@rumpfarm/contracts'
import { queuedOf } from '../attempts/queued-attempts.ts'
import type { Context } from '../context.ts'
import type { Statements } from '../db/client.ts'
import { isUnclaimed } from '../db/fragments.ts'
import { withEvents } from '../db/transaction.ts'
import type { FarmEvent } from '../events.ts'
import { branchForRules } from '../hosts/owner.rule.ts'
import { expectedMainBranch } from '../matrix/branch-queries.ts'
import { firstPosition } from '../matrix/positions.rule.ts'
import { matcher } from '../projects/patterns.rule.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { priorityOf } from '../queue/priority.rule.ts'
import { kindsWithStatus } from '../statuses/status.rule.ts'
import {
  buildRecipeHash,
  buildsBranch,
  buildsEachBranch,
  buildsTag,
  type PlannedHost,
  type PlannedJob,
  planJobs,
  type WantedCells,
} from './plan.rule.ts'
import { plannedHosts } from './planned-hosts.ts'
import { reopenSources } from './sources.ts'

/** What a build builds, apart from its commit. */
export type BuildSubject =
  /** A commit of a branch. Without a name, the farm searches for the branch later. */
  | { kind: 'branch'; branch?: string | undefined }
  | { kind: 'tag'; tag: string }
  /** `id` is the farm's id of the pull request. `hosts` are patterns of the hosts that may run the jobs, by default those of farm.yaml. */
  | { kind: 'pull-request'; id: number; fork: boolean; hosts?: string[] | undefined }
  /** A tree that somebody uploaded. */
  | { kind: 'try'; id: string }

export interface BuildRequest {
  project: string
  /** The full hash of the commit, in lower case. */
  commit: string
  of: BuildSubject
  cause: BuildCause
  /** One line for people, such as `nightly`. */
  causeDetail?: string | undefined
  /** The sender of the request: github, webhook, api, button … */
  source: string
  /** The id that the sender gave to this request. A second request from the sender with this id makes no second build. */
  deliveryId: string
  /** Whether to make a new build even if the same commit was already built with the same recipe. */
  again?: boolean | undefined
  /** The cells to build. A later request for the commit adds the jobs of the other cells. */
  wanted?: WantedCells | undefined
  subject?: string | undefined
  author?: string | undefined
}

export type RequestOutcome =
  | { kind: 'built'; buildId: number; created: boolean; jobsAdded: number }
  | { kind: 'repeated'; buildId: number | null }
  | { kind: 'branch-not-built'; branches: string[] }
  | { kind: 'tag-not-built'; tags: string[] }
  /** The request wants only some cells, and the project builds none of them. */
  | { kind: 'no-such-cell' }
  | { kind: 'unknown-project'; known: string[] }

/** Makes a build with all its jobs, in one statement (ARCHITECTURE.md, "From a webhook to job rows"). */
export async function requestBuild(context: Context, request: BuildRequest): Promise<RequestOutcome> {
  const [projects, hosts] = await Promise.all([projectConfigs(context), plannedHosts(context)])
  const project = projects.get(request.project)
  if (!project) return { kind: 'unknown-project', known: [...projects.keys()] }
  const branch = branchOf(request)
  if (branch !== null && !buildsBranch(project, branch)) {
    await recordUnbuilt(context, request, 'branch-not-built')
    return { kind: 'branch-not-built', branches: project.branches }
  }
  if (request.of.kind === 'tag' && !buildsTag(project, request.of.tag)) {
    await recordUnbuilt(context, request, 'tag-not-built')
    return { kind: 'tag-not-built', tags: project.tags ?? [] }
  }
  const { fork } = columnsOf(request.of)
  const named = branchForRules(request.of.kind, branch)
  const jobs = planJobs(project, allowedHosts(project, hosts, request.of), named, request.wanted, fork)
  if (request.wanted && jobs.length === 0) return { kind: 'no-such-cell' }
  const branches = request.of.kind === 'branch' ? await branchesOf(context, branch, project) : noBranches
  const key = {
    reason: reasonOf(request, project),
    recipeHash: buildRecipeHash(project),
    status: project.status !== undefined && kindsWithStatus.includes(request.of.kind),
  }
  return plan(context, request, key, jobs, branches)
}

const branchOf = ({ of }: BuildRequest): string | null => (of.kind === 'branch' ? (of.branch ?? null) : null)

function allowedHosts(project: ProjectConfig, hosts: PlannedHost[], of: BuildSubject): PlannedHost[] {
  const patterns = of.kind === 'pull-request' ? (of.hosts ?? project.pullRequests?.hosts) : undefined
  if (!patterns) return hosts
  const allows = matcher(patterns)
  return hosts.filter(({ name }) => allows(name))
}

/** The parts of a build's key that do not name its commit, and whether a forge shows the status of the commit. */
interface BuildKey {
  reason: string
  recipeHash: string
  status: boolean
}

function reasonOf({ again, cause, source, deliveryId, of }: BuildRequest, project: ProjectConfig): string {
  if (again) return cause === 'schedule' ? `schedule ${deliveryId}` : `again ${source} ${deliveryId}`
  switch (of.kind) {
    case 'branch':
      return of.branch !== undefined && buildsEachBranch(project) ? `branch ${of.branch}` : 'push'
    case 'tag':
      return `tag ${of.tag}`
    default:
      return `${of.kind} ${of.id}`
  }
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

const noBranches: Branches = { toRead: [], assumed: null }

const branchesMax = 20

/** If a request names no branch, the farm searches for its commit in the branches that were pushed last. */
async function branchesOf(context: Context, branch: string | null, project: ProjectConfig): Promise<Branches> {
  if (branch !== null) return { toRead: [branch], assumed: branch }
  const known = await context.db.models.branch.findMany({
    where: { projectName: project.name, removedAt: null },
    select: { name: true },
    orderBy: { pushedAt: 'desc' },
    take: branchesMax,
  })
  if (known.length > 0) return { toRead: known.map(({ name }) => name), assumed: null }
  const main = await expectedMainBranch(context, project)
  return { toRead: [main], assumed: main }
}

const recordUnbuilt = ({ db, now }: Context, request: BuildRequest, outcome: string) =>
  db.models.push.createMany({
    data: {
      source: request.source,
      deliveryId: request.deliveryId,
      projectName: request.project,
      branch: branchOf(request),
      commit: request.commit,
      outcome,
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
  request: BuildRequest,
  key: BuildKey,
  jobs: PlannedJob[],
  branches: Branches,
): Promise<RequestOutcome> {
  const rows = await withEvents(
    context,
    db => insertBuild(db, request, context.now(), key, jobs, branches),
    planned => [...eventsOf(request, planned), ...statusEvents(key, planned)],
  )
  const [build] = rows
  if (!build) return repeated(context, request)
  const { buildId, created, sources } = build
  if (sources === 'failed') await reopenSources(context, buildId)
  if (!created && request.cause === 'hand') await raisePriority(context, buildId, jobs)
  return { kind: 'built', buildId, created, jobsAdded: rows.filter(({ jobId }) => jobId !== null).length }
}

/** A person now waits for these jobs, which something else requested before. */
const raisePriority = ({ db }: Context, buildId: number, jobs: readonly PlannedJob[]) => db.execute`
  UPDATE "OpenAttempt" SET "priority" = ${priorityOf('hand')}
   WHERE ${isUnclaimed} AND "purpose" <> 'probe' AND "priority" < ${priorityOf('hand')} AND "jobId" IN (
     SELECT job."id" FROM "Job" job
       JOIN unnest(${jobs.map(job => job.hostId)}::int[], ${jobs.map(job => job.arch)}::text[],
                   ${jobs.map(job => job.variant)}::text[]) AS wanted("hostId", "arch", "variant") USING ("hostId", "arch", "variant")
      WHERE job."buildId" = ${buildId})`

const statusEvents = ({ status }: BuildKey, planned: readonly PlannedRow[]): FarmEvent[] =>
  status && planned.length > 0 ? [{ kind: 'statuses-needed' }] : []

function eventsOf({ project }: BuildRequest, rows: readonly PlannedRow[]): FarmEvent[] {
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

async function repeated({ db }: Context, request: BuildRequest): Promise<RequestOutcome> {
  const known = await db.models.push.findUnique({
    where: {
      source_deliveryId_projectName: {
        source: request.source,
        deliveryId: request.deliveryId,
        projectName: request.project,
      },
    },
  })
  return { kind: 'repeated', buildId: known?.buildId ?? null }
}

/**
 * Writes the request, the build, its recipes, its jobs and their first attempts in one statement. A webhook waits 1 ms for
 * this statement; it waited 6 ms for seven statements in a transaction. A build has one project, one commit, one recipe
 * hash and one reason. A request with the same four values finds this build and adds missing jobs, such as the jobs of a
 * new host. A request that made no build before, for example because farm.yaml did not have its branch, counts as new.
 */
function insertBuild(
  db: Statements,
  request: BuildRequest,
  at: Date,
  { reason, recipeHash, status }: BuildKey,
  jobs: PlannedJob[],
  { toRead, assumed }: Branches,
): Promise<PlannedRow[]> {
  const recipes = [...new Map(jobs.map(job => [job.recipeHash, JSON.stringify(job.recipe)]))]
  const branch = branchOf(request)
  const { kind, tag, pullRequestId, fork } = columnsOf(request.of)
  const priority = priorityOf(request.cause)
  return db.query<PlannedRow>`
    WITH build AS (
      INSERT INTO "Build" ("projectName", "commit", "reason", "recipeHash", "branch", "subject", "author", "createdAt",
                           "kind", "cause", "causeDetail", "tag", "pullRequestId", "fork")
      SELECT ${request.project}, ${request.commit}, ${reason}, ${recipeHash}, ${branch},
             COALESCE(${request.subject ?? null}, (SELECT "title" FROM "PullRequest" WHERE "id" = ${pullRequestId}::int)),
             COALESCE(${request.author ?? null}, (SELECT "author" FROM "PullRequest" WHERE "id" = ${pullRequestId}::int)), ${at},
             ${kind}, ${request.cause}, ${request.causeDetail ?? null}, ${tag}, ${pullRequestId}::int, ${fork}
       WHERE NOT EXISTS (SELECT FROM "Push" WHERE "source" = ${request.source} AND "deliveryId" = ${request.deliveryId}
                            AND "projectName" = ${request.project} AND "buildId" IS NOT NULL)
      ON CONFLICT ("projectName", "commit", "reason", "recipeHash") DO UPDATE SET "branch" = COALESCE("Build"."branch", EXCLUDED."branch")
      RETURNING "id", "sources", (xmax = 0) AS "created"
    ), push AS (
      INSERT INTO "Push" ("source", "deliveryId", "projectName", "branch", "commit", "outcome", "buildId", "receivedAt")
      SELECT ${request.source}, ${request.deliveryId}, ${request.project}, ${branch}, ${request.commit}, 'built', build."id", ${at}
        FROM build
      ON CONFLICT ("source", "deliveryId", "projectName") DO UPDATE SET "outcome" = 'built', "buildId" = EXCLUDED."buildId",
        "branch" = EXCLUDED."branch", "commit" = EXCLUDED."commit" WHERE "Push"."buildId" IS NULL
    ), branch AS (
      INSERT INTO "Branch" AS known ("projectName", "name", "pushedAt", "historyWantedAt", "assumed")
      SELECT ${request.project}, pushed."name", ${at}, ${at}, ${branch}::text IS NULL FROM build, unnest(${toRead}::text[]) AS pushed("name")
      ON CONFLICT ("projectName", "name") DO UPDATE SET "historyWantedAt" = EXCLUDED."historyWantedAt",
        "assumed" = known."assumed" AND EXCLUDED."assumed",
        "removedAt" = CASE WHEN known."name" = ${branch} THEN NULL ELSE known."removedAt" END,
        "returnedAt" = CASE WHEN known."name" = ${branch} AND known."removedAt" IS NOT NULL THEN ${at} ELSE known."returnedAt" END,
        "pushedAt" = CASE WHEN known."name" = ${branch} THEN EXCLUDED."pushedAt" ELSE known."pushedAt" END
    ), placed AS (
      INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position")
      SELECT ${request.project}, ${request.commit}, ${assumed},
             COALESCE((SELECT max("position") FROM "BranchCommit"
                        WHERE "projectName" = ${request.project} AND "branch" = ${assumed}), ${firstPosition - 1}) + 1
        FROM build WHERE ${assumed}::text IS NOT NULL
      ON CONFLICT DO NOTHING
    ), recipe AS (
      INSERT INTO "Recipe" ("hash", "body")
      SELECT * FROM unnest(${recipes.map(([hash]) => hash)}::text[], ${recipes.map(([, body]) => body)}::text[]::json[])
      ON CONFLICT DO NOTHING
    ), job AS (
      INSERT INTO "Job" ("buildId", "projectName", "branch", "hostId", "arch", "variant", "recipeHash")
      SELECT build."id", ${request.project}, ${branch}, planned.* FROM build,
        unnest(${jobs.map(job => job.hostId)}::int[], ${jobs.map(job => job.arch)}::text[],
               ${jobs.map(job => job.variant)}::text[], ${jobs.map(job => job.recipeHash)}::text[]) AS planned
      ON CONFLICT DO NOTHING
      RETURNING "id", "hostId"
    ), attempt AS (
      INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "state", "queuedAt", "priority", "fork", "projectName", "buildId")
      SELECT job."id", 1, job."hostId", CASE build."sources" WHEN 'ready' THEN 'queued' ELSE 'waiting' END, ${at}, ${priority}, ${fork},
             ${request.project}, build."id"
        FROM job, build
    ), noted AS (
      INSERT INTO "StatusChange" ("buildId") SELECT build."id" FROM build WHERE ${status}
    )
    SELECT build."id" AS "buildId", build."created", build."sources", job."id" AS "jobId", job."hostId"
      FROM build LEFT JOIN job ON true`
}

/** The columns of a build that say what it builds. */
const columnsOf = (of: BuildSubject) => ({
  kind: of.kind,
  tag: of.kind === 'tag' ? of.tag : null,
  pullRequestId: of.kind === 'pull-request' ? of.id : null,
  fork: of.kind === 'pull-request' && of.fork,
})
