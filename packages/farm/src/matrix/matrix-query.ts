import { activeAcknowledgements } from '../acknowledgements/acknowledgements.ts'
import type { Context } from '../context.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { activeAttempts, type Branches, shownBranches } from './active-attempts.ts'
import { projectBranches } from './branch-queries.ts'
import { type CellRow, recordOf } from './cell-record.ts'
import { hostFilter } from './glance.rule.ts'
import { cellKey, composeMatrix, type Matrix } from './matrix.rule.ts'
import type { CellRecord } from './matrix-cell.rule.ts'
import { matrixHosts } from './matrix-hosts.ts'

export interface MatrixFilter {
  project?: string | undefined
  /** By default, the matrix shows the main branch of each project. */
  branch?: string | undefined
  /** Part of a host's name, or a pattern with `*`. */
  host?: string | undefined
  /** Only the host with exactly this name. */
  onlyHost?: string | undefined
  os?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
}

/** The matrix. If the filter names a branch, the matrix has only projects in which that branch was built. */
export async function matrix(context: Context, filter: MatrixFilter = {}): Promise<Matrix> {
  const projects = await projectConfigs(context)
  const wanted = [...projects.values()].filter(({ name }) => filter.project === undefined || name === filter.project)
  const branches = await projectBranches(context, wanted, filter.branch)
  const [allHosts, records, active, acknowledgements] = await Promise.all([
    matrixHosts(context),
    cellRecords(context, branches, filter),
    activeAttempts(context, branches),
    activeAcknowledgements(context, [...branches.keys()]),
  ])
  const { onlyHost, arch, variant } = filter
  const hosts = allHosts.filter(hostFilter(filter)).filter(({ name }) => onlyHost === undefined || name === onlyHost)
  const shown = wanted.filter(({ name }) => branches.has(name))
  const at = context.now()
  return composeMatrix({
    at,
    projects: shown,
    branches,
    hosts,
    records,
    active,
    acknowledgements,
    only: { arch, variant },
  })
}

// Times are milliseconds since the epoch. For 1,200 cells, reading 3,600 dates in PostgreSQL's format took 7 % of the
// time for a page.
type MatrixRow = CellRow & { projectName: string; host: string; arch: string; variant: string }

async function cellRecords(
  { db }: Context,
  branches: Branches,
  {
    onlyHost = null,
    arch = null,
    variant = null,
  }: { [Key in 'onlyHost' | 'arch' | 'variant']?: string | null | undefined },
): Promise<Map<string, CellRecord>> {
  const rows = await db.query<MatrixRow>`
    SELECT cell."projectName", cell."arch", cell."variant", cell."jobId", cell."buildId", cell."commit", cell."verdict",
           cell."failedStep", cell."number", cell."state", cell."fingerprint", cell."flaky", cell."results", cell."changes",
           cell."expectedMs", cell."testsMissing", cell."sinceJobId", cell."lastGoodJobId", failure."message", cell."sinceBuildId", cell."sinceCommit", cell."changedBuildId", cell."changedCommit",
           cell."lastGoodBuildId", cell."lastGoodCommit",
           extract(epoch FROM cell."finishedAt")::float8 * 1000 AS "finishedAt",
           extract(epoch FROM cell."sinceAt")::float8 * 1000 AS "sinceAt",
           extract(epoch FROM cell."changedAt")::float8 * 1000 AS "changedAt",
           extract(epoch FROM cell."lastGoodAt")::float8 * 1000 AS "lastGoodAt", host."name" AS "host",
           branch_commit."position"
      FROM ${shownBranches(branches)}
      JOIN "Cell" cell ON cell."projectName" = shown."projectName" AND cell."branch" = shown."branch"
      JOIN "Host" host ON host."id" = cell."hostId"
      LEFT JOIN "BranchCommit" branch_commit ON branch_commit."projectName" = cell."projectName"
           AND branch_commit."commit" = cell."commit" AND branch_commit."branch" = cell."branch"
      LEFT JOIN "Failure" failure ON failure."jobId" = cell."jobId" AND failure."number" = cell."number"
           AND cell."verdict" IN ('failed', 'timed-out')
     WHERE host."removedAt" IS NULL AND (${onlyHost}::text IS NULL OR host."name" = ${onlyHost})
       AND (${arch}::text IS NULL OR cell."arch" = ${arch}) AND (${variant}::text IS NULL OR cell."variant" = ${variant})`
  return new Map(rows.map(row => [cellKey(row.projectName, row.host, row.arch, row.variant), recordOf(row)]))
}
