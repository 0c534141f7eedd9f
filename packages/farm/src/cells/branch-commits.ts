import { hideSecrets, type Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { constant, type Sql, sql } from '../db/sql.ts'
import type { ProjectBranch } from './cell-key.ts'
import { type FoldedResult, foldResults, type VariantJob } from './fold.rule.ts'

/** A built commit of a branch. The author and the subject are null until the farm has read the commit. */
export interface BranchCommitView {
  commit: string
  /** Its position in the branch's history; larger is newer. Positions of neighbouring commits differ by one. */
  position: number
  /** The newest build of the commit. */
  buildId: number
  author: string | null
  subject: string | null
  at: Date
}

/** The built commits of a branch, newest first. The cursor `before` is a position. */
export async function branchCommits(
  { db }: Context,
  { project, branch }: ProjectBranch,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<BranchCommitView[]> {
  return db.query<BranchCommitView>`
    SELECT held."commit", held."position", build."id" AS "buildId", COALESCE(known."author", build."author") AS "author",
           COALESCE(known."subject", build."subject") AS "subject", COALESCE(known."committedAt", build."createdAt") AS "at"
      FROM (SELECT "commit", "position" FROM "BranchCommit"
             WHERE "projectName" = ${project.name} AND "branch" = ${branch} AND "position" < ${before ?? 2147483647}
             ORDER BY "position" DESC LIMIT ${limit}) held
     CROSS JOIN LATERAL (SELECT "id", "author", "subject", "createdAt" FROM "Build" build
                          WHERE "projectName" = ${project.name} AND "commit" = held."commit" AND ${ofBranch}
                          ORDER BY "id" DESC LIMIT 1) build
      LEFT JOIN "Commit" known ON known."repository" = ${hideSecrets(project.repository)}
           AND known."commit" = held."commit"
     ORDER BY held."position" DESC`
}

/** A column of the table of commits: all variants of a host for an arch. */
export interface CommitColumn {
  host: string
  arch: string
}

/** The cells of a branch as columns, sorted by host and arch. The list has one column more than the limit if there are more. */
export async function commitColumns(
  { db }: Context,
  { project, branch }: ProjectBranch,
  { host, arch, from, limit }: { host?: string | undefined; arch?: string | undefined; from: number; limit: number },
): Promise<(CommitColumn & { hostId: number })[]> {
  return db.query`
    SELECT DISTINCT host."name" AS "host", cell."arch", host."id" AS "hostId"
      FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId"
     WHERE cell."projectName" = ${project.name} AND cell."branch" = ${branch} AND host."removedAt" IS NULL
       AND (${host ?? null}::text IS NULL OR host."name" = ${host ?? null})
       AND (${arch ?? null}::text IS NULL OR cell."arch" = ${arch ?? null})
     ORDER BY host."name", cell."arch" OFFSET ${from} LIMIT ${limit}`
}

/** A build has one job of each host, arch and variant. */
const jobsOfBuildMax = 10_000

interface BuildRow {
  commit: string
  /** Column, variant, number, status and failed step of each job. */
  jobs: [number, string, number, Verdict | 'open', string | null][] | null
}

/** The worst result of each commit in each column. */
export async function commitResults(
  { db }: Context,
  of: ProjectBranch,
  commits: readonly string[],
  columns: readonly (CommitColumn & { hostId: number })[],
): Promise<Map<string, (FoldedResult | null)[]>> {
  if (commits.length === 0 || columns.length === 0) return new Map()
  const rows = await db.query<BuildRow>`${jobsOfCommits(of, commits, columns)}`
  const builds = new Map(commits.map(commit => [commit, [] as VariantJob[][]]))
  for (const { commit, jobs } of rows) builds.get(commit)?.push((jobs ?? []).map(jobOf))
  return new Map([...builds].map(([commit, jobs]) => [commit, foldResults(jobs, columns.length)]))
}

const jobOf = ([column, variant, jobId, status, failedStep]: NonNullable<BuildRow['jobs']>[number]): VariantJob => ({
  column,
  variant,
  jobId,
  verdict: status === 'open' ? null : status,
  failedStep,
})

/**
 * One row for each build, newest first, because thousands of rows cost more time than their jobs. The status of a job is
 * the verdict of its newest attempt, so only the jobs that failed need their attempts. Only builds of bisections have
 * probes. Exported for a test.
 */
export const jobsOfCommits = (
  { project, branch }: { project: { name: string }; branch: string },
  commits: readonly string[],
  columns: readonly { hostId: number; arch: string }[],
): Sql => sql`
  SELECT build."commit", found."jobs"
    FROM (SELECT "id", "commit" FROM "Build" build WHERE "projectName" = ${project.name} AND "commit" = ANY(${[...commits]})
             AND ${ofBranch} AND "cause" <> 'bisection' AND ("reason" NOT LIKE 'branch %' OR "branch" = ${branch})) build
   CROSS JOIN LATERAL (
     SELECT json_agg(json_build_array(wanted."column" - 1, job."variant", job."id", job."status",
                     CASE WHEN job."status" NOT IN ('open', 'passed') THEN (
                       SELECT "failedStep" FROM "FinishedAttempt" WHERE "jobId" = job."id" ORDER BY "number" DESC LIMIT 1) END)) AS "jobs"
       FROM (SELECT "id", "hostId", "arch", "variant", "status" FROM "Job"
              WHERE "buildId" = build."id" AND "hostId" = ANY(${[...new Set(columns.map(({ hostId }) => hostId))]}::int[])
              LIMIT ${constant(jobsOfBuildMax)}) job
       JOIN unnest(${columns.map(({ hostId }) => hostId)}::int[], ${columns.map(({ arch }) => arch)}::text[])
              WITH ORDINALITY AS wanted("hostId", "arch", "column")
         ON wanted."hostId" = job."hostId" AND wanted."arch" = job."arch") found
   ORDER BY build."id" DESC`
