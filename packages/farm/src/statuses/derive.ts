import type { ProjectConfig, ProjectStatus } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { newestAttempt } from '../db/fragments.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { knownFailures } from '../matrix/known-failures.rule.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { hasStatus } from './changes.ts'
import {
  buildContext,
  buildStatus,
  cellContext,
  cellStatus,
  isOpen,
  type StatusGroup,
  type StatusJob,
  statusGroups,
  type UnbuiltCommit,
  unbuiltStatus,
  type WantedStatus,
} from './status.rule.ts'

interface Commit {
  projectName: string
  commit: string
}

const commitsAtOnce = 100

/**
 * Computes the statuses of the commits whose builds or approvals changed, from the rows of their jobs. Returns how many commits it
 * computed. Any server may call this at any time.
 */
export async function deriveStatuses(context: Context): Promise<number> {
  const commits = await context.db.query<Commit>`
    SELECT DISTINCT COALESCE(changed."projectName", build."projectName") AS "projectName", COALESCE(changed."commit", build."commit") AS "commit"
      FROM (SELECT * FROM "StatusChange" ORDER BY "id" LIMIT 1000) changed LEFT JOIN "Build" build ON build."id" = changed."buildId"
     WHERE changed."commit" IS NOT NULL OR build."id" IS NOT NULL LIMIT ${commitsAtOnce}`
  if (commits.length === 0) return 0
  const projects = await projectConfigs(context)
  for (const commit of commits)
    await inTransaction(context, tx => deriveCommit(tx, commit, projects.get(commit.projectName)))
  return commits.length
}

async function deriveCommit(tx: Tx, commit: Commit, project: ProjectConfig | undefined): Promise<void> {
  await tx.query`
    SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(10), 'status', ${commit.projectName}::text, ${commit.commit}::text), 0))::text`
  // The transaction that wrote a change has ended, so the next statement sees its jobs.
  await tx.execute`
    DELETE FROM "StatusChange" USING "Build" build
     WHERE build."id" = "buildId" AND build."projectName" = ${commit.projectName} AND build."commit" = ${commit.commit}`
  await tx.execute`DELETE FROM "StatusChange" WHERE "projectName" = ${commit.projectName} AND "commit" = ${commit.commit}`
  if (project?.status) for (const group of statusGroups) await deriveGroup(tx, commit, project, group)
}

async function deriveGroup(tx: Tx, commit: Commit, project: ProjectConfig, group: StatusGroup): Promise<void> {
  const [build] = await tx.query<BuildRow>`
    SELECT "id", "sources", "branch", CASE WHEN "sources" = 'failed' THEN "sourcesInfo" ->> 'conflictsWith' END AS "conflictsWith"
      FROM "Build" build
     WHERE "projectName" = ${commit.projectName} AND "commit" = ${commit.commit} AND ${hasStatus}
       AND build."kind" = ANY(${[...group.kinds]}::text[])
     ORDER BY "id" DESC LIMIT 1`
  if (!build) {
    if (group.kinds.includes('pull-request')) await deriveUnbuilt(tx, commit, project, group)
    return
  }
  const jobs = await newestJobs(tx, commit, build.id, project, group)
  const rows = (project.status ?? []).flatMap(entry => rowsFor(entry, { project: project.name, group }, build, jobs))
  await writeWanted(tx, commit, { buildId: build.id, pullRequest: null, branch: build.branch }, rows)
}

/** The commit of a pull request waits for an approval, or got none. */
async function deriveUnbuilt(tx: Tx, commit: Commit, project: ProjectConfig, group: StatusGroup): Promise<void> {
  const [seen] = await tx.query<UnbuiltCommit & { number: number }>`
    SELECT request."number", seen."approval", seen."ended", seen."decidedAt" IS NOT NULL AS "decided"
      FROM "PullRequestCommit" seen JOIN "PullRequest" request ON request."id" = seen."pullRequestId"
     WHERE seen."commit" = ${commit.commit} AND seen."fork" AND request."projectName" = ${commit.projectName}
     ORDER BY (seen."ended" IS NULL) DESC, request."id" DESC LIMIT 1`
  if (!seen) return
  const wanted = { context: buildContext(project.name, group), jobId: null, ...unbuiltStatus(seen) }
  const rows = (project.status ?? []).map(({ api, repository }) => ({ api, repository, ...wanted }))
  await writeWanted(tx, commit, { buildId: null, pullRequest: seen.number, branch: null }, rows)
}

interface BuildRow {
  id: number
  sources: string
  branch: string | null
  conflictsWith: string | null
}

/**
 * The newest job of each cell of the commit: a build of some cells does not hide the results of the others. A removed
 * host counts only in the newest build.
 */
async function newestJobs(
  tx: Tx,
  { projectName, commit }: Commit,
  newestBuild: number,
  project: ProjectConfig,
  { kinds }: StatusGroup,
) {
  const rows = await tx.query<Omit<StatusJob, 'known'>>`
    SELECT DISTINCT ON (host."name", job."arch", job."variant")
           job."id" AS "jobId", host."name" AS "host", job."arch", job."variant", a."state", a."verdict", a."failedStep",
           EXISTS (SELECT FROM "Examination" WHERE "jobId" = a."jobId" AND "number" = a."number") AS "examining"
      FROM "Build" build JOIN "Job" job ON job."buildId" = build."id" JOIN "Host" host ON host."id" = job."hostId"
      JOIN ${newestAttempt} a ON true
     WHERE build."projectName" = ${projectName} AND build."commit" = ${commit} AND ${hasStatus}
       AND build."kind" = ANY(${[...kinds]}::text[]) AND (host."removedAt" IS NULL OR build."id" = ${newestBuild})
     ORDER BY host."name", job."arch", job."variant", job."id" DESC`
  return rows.map(row => ({ ...row, known: knownReason(project, row) }))
}

function knownReason(project: ProjectConfig, { variant, host, arch, verdict, failedStep }: Omit<StatusJob, 'known'>) {
  return verdict === null ? null : knownFailures(project, variant)(host, arch, { verdict, failedStep })
}

interface WantedRow extends WantedStatus {
  api: string
  repository: string
  context: string
  jobId: number | null
}

function rowsFor(
  entry: ProjectStatus,
  { project, group }: { project: string; group: StatusGroup },
  build: BuildRow,
  jobs: readonly StatusJob[],
): WantedRow[] {
  const row = (context: string, jobId: number | null, { state, description }: WantedStatus): WantedRow => ({
    api: entry.api,
    repository: entry.repository,
    context,
    jobId,
    // Only GitLab distinguishes these two. With one word, the other forges need no second request.
    state: state === 'running' && entry.forge !== 'gitlab' ? 'pending' : state,
    description,
  })
  const cells = entry.perCell ? jobs.map(job => row(cellContext(project, job, group), job.jobId, cellStatus(job))) : []
  return [row(buildContext(project, group), null, buildStatus(build, jobs)), ...cells]
}

/** The page to which the statuses link, and the branch of the commit. */
interface Subject {
  buildId: number | null
  pullRequest: number | null
  branch: string | null
}

async function writeWanted(
  tx: Tx,
  { projectName, commit }: Commit,
  { buildId, pullRequest, branch }: Subject,
  rows: readonly WantedRow[],
) {
  const wanted = rows.map(row => ({ ...row, first: row.jobId === null || !isOpen(row.state) }))
  await tx.execute`
    INSERT INTO "CommitStatus" AS status ("projectName", "commit", "api", "repository", "context", "buildId", "jobId", "pullRequest", "branch",
           "state", "description", "changedAt", "nextAt")
    SELECT ${projectName}, ${commit}, wanted."api", wanted."repository", wanted."context", ${buildId}::int, wanted."jobId", ${pullRequest}::int, ${branch},
           wanted."state", wanted."description", ${tx.now()}, ${tx.now()}
      FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS wanted("api" text, "repository" text, "context" text, "jobId" bigint,
           "state" text, "description" text, "first" boolean)
     WHERE wanted."first" OR EXISTS (
       SELECT FROM "CommitStatus" known WHERE known."projectName" = ${projectName} AND known."commit" = ${commit}
          AND known."api" = wanted."api" AND known."repository" = wanted."repository" AND known."context" = wanted."context")
    ON CONFLICT ("projectName", "commit", "api", "repository", "context") DO UPDATE
       SET "buildId" = EXCLUDED."buildId", "jobId" = EXCLUDED."jobId", "pullRequest" = EXCLUDED."pullRequest",
           "branch" = COALESCE(EXCLUDED."branch", status."branch"),
           "state" = EXCLUDED."state", "description" = EXCLUDED."description", "version" = status."version" + 1,
           "changedAt" = EXCLUDED."changedAt", "nextAt" = EXCLUDED."nextAt", "tries" = 0, "gaveUpAt" = NULL, "problem" = NULL
     WHERE (status."state", status."description", COALESCE(status."jobId", status."buildId"))
           IS DISTINCT FROM (EXCLUDED."state", EXCLUDED."description", COALESCE(EXCLUDED."jobId", EXCLUDED."buildId"))`
}
