import type { ProjectConfig } from '@rumpfarm/contracts'
import { buildRecipeHash, type Recipe, recipeHashOf, recipeOf } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { type AttemptRow, attemptRows } from './attempt-rows.ts'
import type { ImportedBuild } from './history.ts'
import { writeLogs } from './logs.ts'

/** One transaction writes at most this many jobs, so that it ends in a few seconds. */
export const importedJobsMax = 5_000

/**
 * Adds ended and open builds of active projects to an imported history. The jobs use the present recipe of their
 * project. The call derives no cells: call `matrix.applyHistory` for each branch after the last build.
 */
export async function importBuilds(context: Context, builds: readonly ImportedBuild[]): Promise<void> {
  const jobs = builds.reduce((sum, build) => sum + build.jobs.length, 0)
  if (jobs > importedJobsMax && builds.length > 1)
    throw new Error(`${jobs} jobs are too many for one import; the limit is ${importedJobsMax}`)
  const recipes = recipesOf(await projectConfigs(context))
  const attempts = attemptRows(builds, recipes.ofJob)
  await writeLogs(context.logs, attempts)
  await inTransaction(context, async tx => {
    await insertBuilds(tx, builds, recipes)
    await insertJobs(tx, builds, recipes, attempts)
    await insertAttempts(tx, attempts)
    await requestExaminations(tx, attempts)
  })
}

interface Recipes {
  ofBuild(project: string): string
  ofJob(project: string, variant: string): { hash: string; recipe: Recipe }
  all: { hash: string; recipe: Recipe }[]
}

function recipesOf(projects: ReadonlyMap<string, ProjectConfig>): Recipes {
  const builds = new Map([...projects].map(([name, project]) => [name, buildRecipeHash(project)]))
  const jobs = new Map(
    [...projects.values()].flatMap(project =>
      Object.keys(project.variants).map(variant => {
        const recipe = recipeOf(project, variant)
        return [`${project.name}/${variant}`, { hash: recipeHashOf(recipe), recipe }] as const
      }),
    ),
  )
  return {
    ofBuild: project => known(builds.get(project), `project ${project}`),
    ofJob: (project, variant) => known(jobs.get(`${project}/${variant}`), `variant ${variant} of ${project}`),
    all: [...jobs.values()],
  }
}

function known<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new Error(`${name} is not in the active farm.yaml`)
  return value
}

async function insertBuilds(tx: Tx, builds: readonly ImportedBuild[], recipes: Recipes): Promise<void> {
  await tx.execute`
    INSERT INTO "Recipe" ("hash", "body")
    SELECT * FROM unnest(${recipes.all.map(({ hash }) => hash)}::text[],
                         ${recipes.all.map(({ recipe }) => JSON.stringify(recipe))}::text[]::json[])
    ON CONFLICT DO NOTHING`
  const rows = builds.map(({ jobs: _, ...build }) => ({ ...build, recipeHash: recipes.ofBuild(build.project) }))
  const json = JSON.stringify(rows)
  await tx.execute`
    WITH build AS (
      SELECT * FROM jsonb_to_recordset(${json}::jsonb) AS build("id" int, "project" text, "commit" text, "branch" text,
        "sources" jsonb, "subject" text, "author" text, "createdAt" timestamptz, "recipeHash" text)
    ), pushed AS (
      INSERT INTO "Branch" AS known ("projectName", "name", "pushedAt")
      SELECT "project", "branch", max("createdAt") FROM build GROUP BY 1, 2
      ON CONFLICT ("projectName", "name") DO UPDATE SET "pushedAt" = GREATEST(known."pushedAt", EXCLUDED."pushedAt")
    )
    INSERT INTO "Build" ("id", "projectName", "commit", "branch", "subject", "author", "createdAt", "sources", "sourcesInfo", "recipeHash")
    SELECT "id", "project", "commit", "branch", "subject", "author", "createdAt", 'ready', "sources", "recipeHash" FROM build`
  await tx.execute`
    INSERT INTO "Push" ("source", "deliveryId", "projectName", "branch", "commit", "outcome", "buildId", "receivedAt")
    SELECT 'import', "id"::text, "project", "branch", "commit", 'built', "id", "createdAt"
      FROM jsonb_to_recordset(${json}::jsonb) AS build("id" int, "project" text, "commit" text, "branch" text, "createdAt" timestamptz)`
}

async function insertJobs(
  tx: Tx,
  builds: readonly ImportedBuild[],
  recipes: Recipes,
  attempts: readonly AttemptRow[],
): Promise<void> {
  // The attempts of a job are in their order, so the newest one remains.
  const verdicts = new Map(attempts.map(({ jobId, verdict }) => [jobId, verdict]))
  const jobs = builds.flatMap(build => build.jobs.map(job => ({ build, job })))
  await tx.execute`
    INSERT INTO "Job" ("id", "buildId", "projectName", "branch", "hostId", "arch", "variant", "recipeHash", "status")
    SELECT * FROM unnest(
      ${jobs.map(({ job }) => job.id)}::bigint[], ${jobs.map(({ build }) => build.id)}::int[],
      ${jobs.map(({ build }) => build.project)}::text[], ${jobs.map(({ build }) => build.branch)}::text[], ${jobs.map(({ job }) => job.hostId)}::int[],
      ${jobs.map(({ job }) => job.arch)}::text[], ${jobs.map(({ job }) => job.variant)}::text[],
      ${jobs.map(({ build, job }) => recipes.ofJob(build.project, job.variant).hash)}::text[],
      ${jobs.map(({ job }) => verdicts.get(job.id) ?? 'open')}::text[])`
}

const column = <Key extends keyof AttemptRow>(rows: readonly AttemptRow[], key: Key) => rows.map(row => row[key])

async function insertAttempts(tx: Tx, rows: readonly AttemptRow[]): Promise<void> {
  await insertOpen(
    tx,
    rows.filter(({ state }) => state !== 'finished'),
  )
  await insertFinished(
    tx,
    rows.filter(({ state }) => state === 'finished'),
  )
}

const insertOpen = (tx: Tx, rows: readonly AttemptRow[]) => tx.execute`
  INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "state", "queuedAt", "slot", "claim", "lease", "leaseUntil",
    "leasedAt", "startedAt", "steps", "purpose", "projectName", "buildId")
  SELECT attempt.*, build."projectName", build."id" FROM unnest(
    ${column(rows, 'jobId')}::bigint[], ${column(rows, 'number')}::int[], ${column(rows, 'hostId')}::int[],
    ${column(rows, 'state')}::text[], ${column(rows, 'queuedAt')}::timestamptz[], ${column(rows, 'slot')}::int[],
    ${column(rows, 'claim')}::int[], ${column(rows, 'lease')}::text[], ${column(rows, 'leaseUntil')}::timestamptz[],
    ${column(rows, 'leasedAt')}::timestamptz[], ${column(rows, 'leasedAt')}::timestamptz[],
    ${column(rows, 'steps')}::text[]::jsonb[], ${column(rows, 'purpose')}::text[]) AS attempt("jobId")
    JOIN "Job" job ON job."id" = attempt."jobId" JOIN "Build" build ON build."id" = job."buildId"`

const insertFinished = (tx: Tx, rows: readonly AttemptRow[]) => tx.execute`
  INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "queuedAt", "slot", "lease",
    "leasedAt", "startedAt", "finishedAt", "steps", "verdict", "failedStep", "reason", "detail", "logBytes", "logSum",
    "compiler", "purpose", "projectName", "buildId")
  SELECT attempt.*, build."projectName", build."id" FROM unnest(
    ${column(rows, 'jobId')}::bigint[], ${column(rows, 'number')}::int[], ${column(rows, 'hostId')}::int[],
    ${column(rows, 'queuedAt')}::timestamptz[], ${column(rows, 'slot')}::int[], ${column(rows, 'lease')}::text[],
    ${column(rows, 'leasedAt')}::timestamptz[], ${column(rows, 'leasedAt')}::timestamptz[],
    ${column(rows, 'finishedAt')}::timestamptz[], ${column(rows, 'steps')}::text[]::jsonb[],
    ${column(rows, 'verdict')}::text[], ${column(rows, 'failedStep')}::text[], ${column(rows, 'reason')}::text[],
    ${column(rows, 'detail')}::text[], ${column(rows, 'logBytes')}::bigint[], ${column(rows, 'logSum')}::text[],
    ${column(rows, 'compiler')}::text[], ${column(rows, 'purpose')}::text[]) AS attempt("jobId")
    JOIN "Job" job ON job."id" = attempt."jobId" JOIN "Build" build ON build."id" = job."buildId"`

/**
 * The farm reads the errors and the test results in the logs as if the hosts had just reported them. `finishImport` does
 * not wait for this: the task `examine` does it later, or the caller of `failures.examine`.
 */
async function requestExaminations(tx: Tx, attempts: readonly AttemptRow[]): Promise<void> {
  const rows = attempts
    .filter(isExamined)
    .map(({ jobId, number, finishedAt }) => ({ jobId, number, wantedAt: finishedAt }))
  await tx.execute`
    INSERT INTO "Examination" ("jobId", "number", "wantedAt")
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS wanted("jobId" bigint, "number" int, "wantedAt" timestamptz)`
}

const isExamined = ({ verdict, log, hasResults }: AttemptRow): boolean =>
  log !== null && (verdict === 'failed' || verdict === 'timed-out' || (verdict === 'passed' && hasResults))
