import { attemptName } from '@rumpfarm/contracts'
import { activeAcknowledgements } from '../acknowledgements/acknowledgements.ts'
import type { Context } from '../context.ts'
import { sql } from '../db/sql.ts'
import { presence, systemLine } from '../hosts/presence.rule.ts'
import { refusalOf } from '../hosts/refusal.rule.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { type ProjectBranches, projectBranches } from './branch-queries.ts'
import type { Flakiness } from './flakiness.rule.ts'
import { cellKey, composeMatrix, type Matrix, type MatrixHost } from './matrix.rule.ts'
import type { ActiveAttempt, CellRecord } from './matrix-cell.rule.ts'

export interface MatrixFilter {
  project?: string | undefined
  /** By default, the matrix shows the main branch of each project. */
  branch?: string | undefined
}

/** The matrix. If the filter names a branch, the matrix has only projects in which that branch was built. */
export async function matrix(context: Context, filter: MatrixFilter = {}): Promise<Matrix> {
  const projects = await projectConfigs(context)
  const wanted = [...projects.values()].filter(({ name }) => filter.project === undefined || name === filter.project)
  const branches = await projectBranches(context, wanted, filter.branch)
  const [hosts, records, active, acknowledgements] = await Promise.all([
    matrixHosts(context),
    cellRecords(context, branches),
    activeAttempts(context, branches),
    activeAcknowledgements(context, [...branches.keys()]),
  ])
  const shown = wanted.filter(({ name }) => branches.has(name))
  return composeMatrix({ at: context.now(), projects: shown, branches, hosts, records, active, acknowledgements })
}

type Branches = ReadonlyMap<string, ProjectBranches>

/** The shown branch of each project, as a table of two columns. */
const shownBranches = (branches: Branches) => sql`
  unnest(${[...branches.keys()]}::text[], ${[...branches.values()].map(({ shown }) => shown)}::text[])
    AS shown("projectName", "branch")`

interface HostRow {
  name: string
  facts: Record<string, unknown>
  lastSeenAt: Date
  silentSince: Date | null
  awaySince: Date | null
  pausedAt: Date | null
  refusal: string | null
  agentVersion: string
  arches: MatrixHost['arches']
  rules: MatrixHost['rules']
}

async function matrixHosts({ db, settings }: Context): Promise<MatrixHost[]> {
  const rows = await db.query<HostRow>`
    SELECT "name", "facts", "lastSeenAt", "silentSince", "awaySince", "pausedAt", "refusal", "agentVersion", "rules", (
             SELECT COALESCE(json_agg(json_build_object('arch', "arch", 'kind', "kind", 'compiler', "compiler",
                                                         'unable', "unable") ORDER BY "arch"), '[]')
               FROM "HostArch" WHERE "hostId" = "Host"."id") AS "arches"
      FROM "Host" WHERE "removedAt" IS NULL ORDER BY "name"`
  return rows.map(host => ({
    name: host.name,
    system: systemLine(host.facts),
    presence: presence(host),
    lastSeenAt: host.lastSeenAt,
    refusal: refusalOf(host, settings.agentVersionMin).refusal,
    arches: host.arches,
    rules: host.rules,
  }))
}

// Times are milliseconds since the epoch. For 1,200 cells, reading 3,600 dates in PostgreSQL's format took 7 % of the
// time for a page.
type CellRow = Omit<CellRecord, 'attempt' | 'since' | 'changed' | 'lastGood' | 'finishedAt' | 'flakiness'> &
  Flakiness & {
    number: number
    sinceJobId: number
    lastGoodJobId: number | null
    projectName: string
    host: string
    arch: string
    variant: string
    sinceBuildId: number
    sinceCommit: string
    sinceMs: number
    changedBuildId: number
    changedCommit: string
    changedMs: number
    finishedMs: number
    lastGoodBuildId: number | null
    lastGoodCommit: string | null
    lastGoodMs: number | null
  }

async function cellRecords({ db }: Context, branches: Branches): Promise<Map<string, CellRecord>> {
  const rows = await db.query<CellRow>`
    SELECT cell."projectName", cell."arch", cell."variant", cell."jobId", cell."buildId", cell."commit", cell."verdict",
           cell."failedStep", cell."number", cell."state", cell."fingerprint", cell."flaky", cell."results", cell."changes",
           cell."expectedMs", cell."sinceJobId", cell."lastGoodJobId", failure."message", cell."sinceBuildId", cell."sinceCommit", cell."changedBuildId", cell."changedCommit",
           cell."lastGoodBuildId", cell."lastGoodCommit",
           extract(epoch FROM cell."finishedAt")::float8 * 1000 AS "finishedMs",
           extract(epoch FROM cell."sinceAt")::float8 * 1000 AS "sinceMs",
           extract(epoch FROM cell."changedAt")::float8 * 1000 AS "changedMs",
           extract(epoch FROM cell."lastGoodAt")::float8 * 1000 AS "lastGoodMs", host."name" AS "host",
           branch_commit."position"
      FROM ${shownBranches(branches)}
      JOIN "Cell" cell ON cell."projectName" = shown."projectName" AND cell."branch" = shown."branch"
      JOIN "Host" host ON host."id" = cell."hostId"
      LEFT JOIN "BranchCommit" branch_commit ON branch_commit."projectName" = cell."projectName"
           AND branch_commit."commit" = cell."commit" AND branch_commit."branch" = cell."branch"
      LEFT JOIN "Failure" failure ON failure."jobId" = cell."jobId" AND failure."number" = cell."number"
           AND cell."verdict" IN ('failed', 'timed-out')
     WHERE host."removedAt" IS NULL`
  return new Map(rows.map(row => [cellKey(row.projectName, row.host, row.arch, row.variant), recordOf(row)]))
}

function recordOf(row: CellRow): CellRecord {
  const { jobId, number, buildId, commit, position, verdict, failedStep, state, fingerprint, message, expectedMs } = row
  const { flaky, results, changes, lastGoodBuildId, lastGoodJobId, lastGoodCommit, lastGoodMs } = row
  return {
    jobId,
    attempt: attemptName({ jobId, number }),
    state,
    fingerprint,
    message,
    flakiness: { flaky, results, changes },
    expectedMs,
    buildId,
    commit,
    position,
    verdict,
    failedStep,
    finishedAt: dateOf(row.finishedMs),
    since: { buildId: row.sinceBuildId, jobId: row.sinceJobId, commit: row.sinceCommit, at: dateOf(row.sinceMs) },
    changed:
      row.changedBuildId === row.sinceBuildId
        ? null
        : { buildId: row.changedBuildId, jobId: null, commit: row.changedCommit, at: dateOf(row.changedMs) },
    lastGood:
      lastGoodBuildId !== null && lastGoodCommit !== null && lastGoodMs !== null
        ? { buildId: lastGoodBuildId, jobId: lastGoodJobId, commit: lastGoodCommit, at: dateOf(lastGoodMs) }
        : null,
  }
}

const dateOf = (milliseconds: number): Date => new Date(Math.round(milliseconds))

interface ActiveRow {
  jobId: number
  number: number
  buildId: number
  projectName: string
  host: string
  arch: string
  variant: string
  state: ActiveAttempt['state']
  step: string | null
  since: Date
}

/**
 * The newest active attempt of each cell, of a commit that the cell's branch contains. A running attempt has priority
 * over a waiting attempt.
 */
async function activeAttempts({ db }: Context, branches: Branches): Promise<Map<string, ActiveAttempt>> {
  const rows = await db.query<ActiveRow>`
    SELECT a."jobId", a."number", job."buildId", build."projectName", host."name" AS "host", job."arch", job."variant",
           a."state", COALESCE(a."startedAt", a."leasedAt", a."queuedAt") AS "since",
           CASE WHEN a."state" = 'running' THEN recipe."body"->'steps'->jsonb_array_length(a."steps")->>'name' END AS "step"
      FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
      JOIN "Host" host ON host."id" = job."hostId" JOIN "Recipe" recipe ON recipe."hash" = job."recipeHash"
      JOIN "BranchCommit" branch_commit ON branch_commit."projectName" = build."projectName"
           AND branch_commit."commit" = build."commit"
      JOIN ${shownBranches(branches)} ON shown."projectName" = branch_commit."projectName"
           AND shown."branch" = branch_commit."branch"
     WHERE a."state" <> 'finished'
     ORDER BY a."state" IN ('leased', 'running'), branch_commit."position", job."buildId"`
  return new Map(
    rows.map(({ number, projectName, host, arch, variant, ...row }) => [
      cellKey(projectName, host, arch, variant),
      { ...row, attempt: attemptName({ jobId: row.jobId, number }) },
    ]),
  )
}
