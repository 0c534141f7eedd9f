import { hideSecrets, type Verdict } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import type { ProjectBranch } from './cell-key.ts'
import { type FoldedResult, foldResults } from './fold.rule.ts'

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

interface ResultRow {
  commit: string
  host: string
  arch: string
  variant: string
  jobId: number
  verdict: Verdict | null
  failedStep: string | null
}

const jobsMax = 20_000

/** The worst result of each commit and column. The key is `resultKey`. */
export async function commitResults(
  { db }: Context,
  { project, branch }: ProjectBranch,
  commits: readonly string[],
  columns: readonly (CommitColumn & { hostId: number })[],
): Promise<Map<string, FoldedResult>> {
  if (commits.length === 0 || columns.length === 0) return new Map()
  const rows = await db.query<ResultRow>`
    SELECT build."commit", wanted."host", wanted."arch", job."variant", job."id" AS "jobId", newest."verdict",
           newest."failedStep"
      FROM (SELECT "id", "commit" FROM "Build" build WHERE "projectName" = ${project.name} AND "commit" = ANY(${[...commits]})
               AND ${ofBranch} AND ("reason" NOT LIKE 'branch %' OR "branch" = ${branch})) build
     CROSS JOIN unnest(${columns.map(({ hostId }) => hostId)}::int[], ${columns.map(({ host }) => host)}::text[],
                       ${columns.map(({ arch }) => arch)}::text[]) AS wanted("hostId", "host", "arch")
     CROSS JOIN LATERAL (SELECT "id", "variant" FROM "Job" WHERE "buildId" = build."id" AND "hostId" = wanted."hostId"
                            AND "arch" = wanted."arch" LIMIT 100) job
     CROSS JOIN LATERAL (SELECT "verdict", "failedStep" FROM "Attempt" WHERE "jobId" = job."id" AND "purpose" <> 'probe'
                          ORDER BY "number" DESC LIMIT 1) newest
     ORDER BY build."id" DESC LIMIT ${jobsMax}`
  return foldResults(rows)
}
