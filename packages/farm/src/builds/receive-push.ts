import { attemptName, type ProjectConfig } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { mainBranch } from '../matrix/main-branch.rule.ts'
import { firstPosition } from '../matrix/positions.rule.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { buildRecipeHash, buildsBranch, type PlannedJob, planJobs } from './plan.rule.ts'
import { plannedHosts } from './planned-hosts.ts'
import { prepareSourcesAgain } from './sources.ts'

export interface Push {
  project: string
  /** Full, lower case. */
  commit: string
  branch?: string | undefined
  /** Who reported the push: github, webhook, api or button. */
  source: string
  /** The reporter's id for it. The same id twice makes one build. */
  deliveryId: string
  /** Wants a build of its own, also where the same commit was built with the same recipe. */
  again?: boolean | undefined
  subject?: string | undefined
  author?: string | undefined
}

export type PushOutcome =
  | { kind: 'built'; buildId: number; created: boolean; jobsAdded: number }
  | { kind: 'repeated'; buildId: number | null }
  | { kind: 'branch-not-built'; branches: string[] }
  | { kind: 'unknown-project'; known: string[] }

/** Turns a push into a build with all its jobs, in one statement (ARCHITECTURE.md, "From a push to a verdict"). */
export async function receivePush(context: Context, push: Push): Promise<PushOutcome> {
  const [projects, hosts] = await Promise.all([projectConfigs(context), plannedHosts(context)])
  const project = projects.get(push.project)
  if (!project) return { kind: 'unknown-project', known: [...projects.keys()] }
  if (push.branch !== undefined && !buildsBranch(project, push.branch)) {
    await recordUnbuilt(context, push)
    return { kind: 'branch-not-built', branches: project.branches }
  }
  const lines = await linesOf(context, push, project)
  return plan(context, push, buildRecipeHash(project), planJobs(project, hosts, push.branch ?? null), lines)
}

/** Where a built commit may belong: the lines to read for it, and the branch that has it until then. */
interface Lines {
  wanted: string[]
  /** Null: of which branch it is, if of any, only the lines say. */
  placedOn: string | null
}

const linesMax = 20

/** A commit without a branch may be anywhere: it is looked for in the lines that were pushed last. */
async function linesOf({ db }: Context, { branch }: Push, project: ProjectConfig): Promise<Lines> {
  if (branch !== undefined) return { wanted: [branch], placedOn: branch }
  const known = await db.branch.findMany({
    where: { projectName: project.name },
    select: { name: true },
    orderBy: { pushedAt: 'desc' },
    take: linesMax,
  })
  const main = mainBranch(project, [])
  return known.length === 0
    ? { wanted: [main], placedOn: main }
    : { wanted: known.map(({ name }) => name), placedOn: null }
}

const recordUnbuilt = ({ db, now }: Context, push: Push) =>
  db.push.createMany({
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
  recipeHash: string,
  jobs: PlannedJob[],
  lines: Lines,
): Promise<PushOutcome> {
  const rows = await insertBuild(context, push, recipeHash, jobs, lines)
  const build = rows[0]
  if (!build) return repeated(context, push)
  const added = rows.flatMap(({ jobId, hostId }) => (jobId === null || hostId === null ? [] : [{ jobId, hostId }]))
  const { buildId, created, sources } = build
  if (sources === 'ready') {
    const attempts = added.map(job => ({ hostId: job.hostId, attempt: attemptName({ jobId: job.jobId, number: 1 }) }))
    context.publish({ kind: 'queued', attempts })
    context.publish({ kind: 'line-wanted', project: push.project })
  } else if (sources === 'failed') await prepareSourcesAgain(context, buildId)
  else context.publish({ kind: 'planned', buildId })
  return { kind: 'built', buildId, created, jobsAdded: added.length }
}

async function repeated({ db }: Context, push: Push): Promise<PushOutcome> {
  const known = await db.push.findUnique({
    where: {
      source_deliveryId_projectName: { source: push.source, deliveryId: push.deliveryId, projectName: push.project },
    },
  })
  return { kind: 'repeated', buildId: known?.buildId ?? null }
}

/**
 * Push, build, recipes, jobs and first attempts in one round trip: seven statements of a transaction took 6 ms of a
 * webhook's answer, this one takes 1. A build is one project at one commit with one recipe for one reason: an identical
 * request finds it, and it gains the jobs it lacks (a host that joined since).
 */
function insertBuild(
  { db, now }: Context,
  push: Push,
  recipeHash: string,
  jobs: PlannedJob[],
  { wanted, placedOn }: Lines,
): Promise<PlannedRow[]> {
  const recipes = [...new Map(jobs.map(job => [job.recipeHash, JSON.stringify(job.recipe)]))]
  const branch = push.branch ?? null
  const reason = push.again ? `again ${push.source} ${push.deliveryId}` : 'push'
  const at = now()
  return db.$queryRaw<PlannedRow[]>`
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
    ), line AS (
      INSERT INTO "Branch" AS known ("projectName", "name", "pushedAt", "lineWantedAt", "guessed")
      SELECT ${push.project}, line."name", ${at}, ${at}, ${branch}::text IS NULL FROM build, unnest(${wanted}::text[]) AS line("name")
      ON CONFLICT ("projectName", "name") DO UPDATE SET "lineWantedAt" = EXCLUDED."lineWantedAt",
        "guessed" = known."guessed" AND EXCLUDED."guessed",
        "pushedAt" = CASE WHEN known."name" = ${branch} THEN EXCLUDED."pushedAt" ELSE known."pushedAt" END
    ), placed AS (
      INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position")
      SELECT ${push.project}, ${push.commit}, ${placedOn},
             COALESCE((SELECT max("position") FROM "BranchCommit"
                        WHERE "projectName" = ${push.project} AND "branch" = ${placedOn}), ${firstPosition - 1}) + 1
        FROM build WHERE ${placedOn}::text IS NOT NULL
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
    )
    SELECT build."id" AS "buildId", build."created", build."sources", job."id" AS "jobId", job."hostId"
      FROM build LEFT JOIN job ON true`
}
