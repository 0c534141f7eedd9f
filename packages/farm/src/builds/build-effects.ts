import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import { systemOf } from '../matrix/systems.rule.ts'
import { type Effect, effectOf, type JobResult } from './build-effects.rule.ts'
import { type SourceChange, sourceChanges } from './source-changes.ts'

/** A job of a build, compared with the newest earlier result of its cell on the branch. */
export interface JobEffect {
  jobId: number
  host: string
  /** The operating system of the host and its release. */
  os: string
  release: string
  arch: string
  variant: string
  effect: Effect
  failedStep: string | null
  fingerprint: string | null
  /** The error line of the failure; null if the job passed, or before the farm has examined the log. */
  message: string | null
  /** The earlier job. Null if none of the newest earlier commits has a result. */
  before: { jobId: number; buildId: number; commit: string } | null
  /** The duration of the newest result. Null without a result. */
  milliseconds: number | null
  /** The present median duration of the cell's last passes. Null without a pass. */
  expectedMs: number | null
}

/** The effects of a build on a branch. */
export interface BuildEffects {
  /** Null if no branch has the commit of the build. Then the farm compares the jobs with no earlier results. */
  branch: string | null
  /** The build of the newest earlier commit of the branch. */
  previous: { buildId: number; commit: string } | null
  jobs: JobEffect[]
  /** The changes of each source since the previous build. */
  sources: SourceChange[]
}

/** For an earlier result of a cell, the farm searches at most this many earlier commits of the branch. */
const commitsMax = 20
const jobsMax = 2000

/** What a build broke and fixed, compared with earlier commits of its branch, in the order of the branch. */
export async function buildEffects(context: Context, buildId: number): Promise<BuildEffects> {
  const place = await findPlace(context, buildId)
  if (!place) return { branch: null, previous: null, jobs: [], sources: [] }
  const { branch, previousBuildId, previousCommit } = place
  const [jobs, sources] = await Promise.all([
    jobEffects(context, buildId, place),
    previousBuildId === null ? [] : sourceChanges(context, { from: previousBuildId, to: buildId }),
  ])
  const previous =
    previousBuildId === null || previousCommit === null ? null : { buildId: previousBuildId, commit: previousCommit }
  return { branch, previous, jobs, sources }
}

interface Place {
  project: string
  /** Null if no branch has the commit. */
  branch: string | null
  position: number
  previousBuildId: number | null
  previousCommit: string | null
}

/**
 * The branch of the build's push, or else the branch with its commit that has the newest push. For a pull request, this is
 * its base branch, and the place is after the commit with which it is merged, or after the newest commit.
 */
async function findPlace({ db }: Context, buildId: number): Promise<Place | undefined> {
  const [place] = await db.query<Place>`
    SELECT build."projectName" AS "project", held."branch", COALESCE(held."position", 0) AS "position", previous."id" AS "previousBuildId",
           previous."commit" AS "previousCommit"
      FROM "Build" build
      LEFT JOIN LATERAL (
        SELECT found."branch", found."position" FROM "BranchCommit" found
          JOIN "Branch" branch ON branch."projectName" = found."projectName" AND branch."name" = found."branch"
         WHERE found."projectName" = build."projectName" AND found."commit" = build."commit" AND build."pullRequestId" IS NULL
         ORDER BY found."branch" IS DISTINCT FROM build."branch", branch."pushedAt" DESC LIMIT 1) own ON true
      LEFT JOIN LATERAL (
        SELECT newest."branch", COALESCE(base."position", newest."position") + 1 AS "position"
          FROM "PullRequest" request
         CROSS JOIN LATERAL (SELECT "branch", "position" FROM "BranchCommit"
                              WHERE "projectName" = build."projectName" AND "branch" = request."baseBranch"
                              ORDER BY "position" DESC LIMIT 1) newest
          LEFT JOIN "BranchCommit" base ON base."projectName" = build."projectName" AND base."branch" = request."baseBranch"
               AND base."commit" = build."sourcesInfo" #>> '{0,merged,base}'
         WHERE request."id" = build."pullRequestId") target ON true
     CROSS JOIN LATERAL (SELECT COALESCE(own."branch", target."branch") AS "branch",
                                COALESCE(own."position", target."position") AS "position") held
      LEFT JOIN LATERAL (
        SELECT earlier."id", earlier."commit"
          FROM (SELECT "commit" FROM "BranchCommit"
                 WHERE "projectName" = build."projectName" AND "branch" = held."branch" AND "position" < held."position"
                 ORDER BY "position" DESC LIMIT 1) before
          JOIN "Build" earlier ON earlier."projectName" = build."projectName" AND earlier."commit" = before."commit" AND earlier."kind" = 'branch'
         ORDER BY earlier."id" DESC LIMIT 1) previous ON true
     WHERE build."id" = ${buildId}`
  return place
}

interface EffectRow {
  jobId: number
  host: string
  facts: Record<string, unknown>
  arch: string
  variant: string
  now: ResultColumn
  earlier: ResultColumn | null
  beforeJobId: number | null
  beforeBuildId: number | null
  beforeCommit: string | null
  message: string | null
  expectedMs: number | null
}

interface ResultColumn extends JobResult {
  milliseconds: number | null
}

/** The folded results of the attempts of the job with this id, as JSON. */
const resultsOf = (jobId: Sql) => sql`
  SELECT jsonb_build_object('passed', count(*) FILTER (WHERE a."verdict" = 'passed'),
                            'failed', count(*) FILTER (WHERE a."verdict" <> 'passed'),
                            'last', (array_agg(jsonb_build_object('verdict', a."verdict", 'failedStep', a."failedStep",
                                     'fingerprint', a."fingerprint") ORDER BY a."number" DESC))[1],
                            'milliseconds', (array_agg((extract(epoch FROM a."finishedAt" - COALESCE(a."startedAt", a."leasedAt"))
                                             * 1000)::int ORDER BY a."number" DESC))[1]) AS "value",
         count(*) AS "results", max(a."number") AS "number"
    FROM "Attempt" a WHERE a."jobId" = ${jobId} AND a."purpose" <> 'probe' AND a."verdict" IN ('passed', 'failed', 'timed-out')`

/**
 * Each job with the newest earlier result of its cell. The jobs share the list of the earlier builds. PostgreSQL knows the
 * order of WITH ORDINALITY, so it runs a nested loop with an index for each job, and stops at the first earlier build with
 * a result.
 */
async function jobEffects(
  { db }: Context,
  buildId: number,
  { project, branch, position }: Place,
): Promise<JobEffect[]> {
  const rows = await db.query<EffectRow>`
    WITH earlier AS MATERIALIZED (
      SELECT array_agg(build."id" ORDER BY held."position" DESC, build."id" DESC) AS "builds"
        FROM (SELECT "commit", "position" FROM "BranchCommit"
               WHERE "projectName" = ${project} AND "branch" = ${branch} AND "position" < ${position}
               ORDER BY "position" DESC LIMIT ${constant(commitsMax)}) held
       CROSS JOIN LATERAL (SELECT "id" FROM "Build" build WHERE "projectName" = ${project} AND "commit" = held."commit"
                             AND ${ofBranch} AND ("reason" NOT LIKE 'branch %' OR "branch" = ${branch})
                            ORDER BY "id" DESC LIMIT 20) build
    )
    SELECT job."id" AS "jobId", host."name" AS "host", host."facts", job."arch", job."variant", now."value" AS "now",
           before."value" AS "earlier", before."jobId" AS "beforeJobId", before."buildId" AS "beforeBuildId",
           (SELECT "commit" FROM "Build" WHERE "id" = before."buildId") AS "beforeCommit", cell."expectedMs",
           (SELECT "message" FROM "Failure" WHERE "jobId" = job."id" AND "number" = now."number") AS "message"
      FROM (SELECT * FROM "Job" WHERE "buildId" = ${buildId} ORDER BY "id" LIMIT ${constant(jobsMax)}) job
      JOIN "Host" host ON host."id" = job."hostId"
      CROSS JOIN LATERAL (${resultsOf(sql`job."id"`)}) now
      LEFT JOIN "Cell" cell ON cell."projectName" = ${project} AND cell."branch" = ${branch}
           AND cell."hostId" = job."hostId" AND cell."arch" = job."arch" AND cell."variant" = job."variant"
      LEFT JOIN LATERAL (
        SELECT result."value", found."id" AS "jobId", build."id" AS "buildId"
          FROM unnest((SELECT "builds" FROM earlier)) WITH ORDINALITY AS build("id", "order")
         CROSS JOIN LATERAL (SELECT "id" FROM "Job" WHERE "buildId" = build."id" AND "hostId" = job."hostId"
                                AND "arch" = job."arch" AND "variant" = job."variant" LIMIT 1) found
         CROSS JOIN LATERAL (${resultsOf(sql`found."id"`)}) result
         WHERE result."results" > 0
         ORDER BY build."order" LIMIT 1) before ON true
     ORDER BY host."name", job."arch", job."variant"`
  return rows.map(effectOfRow)
}

function effectOfRow(row: EffectRow): JobEffect {
  const { jobId, host, facts, arch, variant, now, earlier, message, expectedMs } = row
  const { beforeJobId, beforeBuildId, beforeCommit } = row
  return {
    jobId,
    host,
    ...systemOf(facts),
    arch,
    variant,
    effect: effectOf(now, earlier),
    failedStep: now.last?.failedStep ?? null,
    fingerprint: now.last?.fingerprint ?? null,
    message,
    before:
      beforeJobId === null || beforeBuildId === null || beforeCommit === null
        ? null
        : { jobId: beforeJobId, buildId: beforeBuildId, commit: beforeCommit },
    milliseconds: now.milliseconds,
    expectedMs,
  }
}
