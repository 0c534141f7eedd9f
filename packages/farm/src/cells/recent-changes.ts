import type { Context } from '../context.ts'
import { type Sql, sql } from '../db/sql.ts'
import { type Branches, shownBranches } from '../matrix/active-attempts.ts'
import { projectBranches } from '../matrix/branch-queries.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import type { UnknownBranch, UnknownProject } from './cell-key.ts'
import { type BisectedChange, bisectedChanges, changeHistory } from './change-history.ts'
import { type ChangedResult, groupChanges, newsStates, type RecentChange } from './recent-changes.rule.ts'

export interface RecentChangesFilter {
  project?: string | undefined
  /** By default each project's main branch. */
  branch?: string | undefined
  /** Only the cells of this host. */
  host?: string | undefined
}

export type RecentChangesOutcome =
  | { kind: 'found'; changes: RecentChange[]; bisected: BisectedChange[] }
  | UnknownProject
  | UnknownBranch
  | { kind: 'unknown-host' }

/** The query reads at most this many cells, those with the newest changes. */
const cellsMax = 2_000
/** The farm returns at most this many changes. */
export const recentChangesMax = 50

/**
 * How the results of the cells changed, newest first: the last change of each cell, and the failures and fixes before it.
 * The query reads the cells of the shown branches by their primary
 * key, so its cost grows with the size of the matrix, and not with the history.
 */
export async function recentChanges(context: Context, filter: RecentChangesFilter = {}): Promise<RecentChangesOutcome> {
  const projects = await projectConfigs(context)
  const { project, branch } = filter
  if (project !== undefined && !projects.has(project)) return { kind: 'unknown-project', known: [...projects.keys()] }
  const wanted = [...projects.values()].filter(({ name }) => project === undefined || name === project)
  const branches = await projectBranches(context, wanted, branch)
  if (branch !== undefined && branches.size === 0) {
    const built = (await projectBranches(context, wanted)).values()
    return { kind: 'unknown-branch', branch, known: [...new Set([...built].flatMap(found => found.built))] }
  }
  const hostId = filter.host === undefined ? undefined : await findHostId(context, filter.host)
  if (hostId === null) return { kind: 'unknown-host' }
  const ofHost = hostId === undefined ? sql`true` : sql`cell."hostId" = ${hostId}`
  const [last, history, bisected] = await Promise.all([
    lastChanges(context, branches, ofHost),
    changeHistory(context, branches, hostId),
    bisectedChanges(context, branches, hostId),
  ])
  return { kind: 'found', changes: groupChanges([...last, ...history], recentChangesMax), bisected }
}

const lastChanges = ({ db }: Context, branches: Branches, ofHost: Sql) => db.query<ChangedResult>`
    SELECT newest.*, build."subject", build."author", failure."message"
      FROM (SELECT cell."projectName" AS "project", cell."branch", host."name" AS "host", cell."arch", cell."variant",
                   cell."state", cell."verdict", cell."failedStep", cell."jobId", cell."number",
                   cell."changedBuildId" AS "buildId", cell."changedCommit" AS "commit", cell."changedAt" AS "at"
              FROM ${shownBranches(branches)}
              JOIN "Cell" cell ON cell."projectName" = shown."projectName" AND cell."branch" = shown."branch"
              JOIN "Host" host ON host."id" = cell."hostId"
             WHERE ${ofHost} AND host."removedAt" IS NULL AND NOT cell."flaky" AND cell."state" = ANY(${[...newsStates]}::text[])
             ORDER BY cell."changedAt" DESC LIMIT ${cellsMax}) newest
      LEFT JOIN "Build" build ON build."id" = newest."buildId"
      LEFT JOIN "Failure" failure ON failure."jobId" = newest."jobId" AND failure."number" = newest."number"
           AND newest."verdict" IN ('failed', 'timed-out')
     ORDER BY newest."at" DESC`

async function findHostId({ db }: Context, name: string): Promise<number | null> {
  const [row] = await db.query<{ id: number }>`
    SELECT "id" FROM "Host" WHERE "name" = ${name} AND "removedAt" IS NULL`
  return row?.id ?? null
}
