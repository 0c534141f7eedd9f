import type { Context } from '../context.ts'
import {
  type BranchCommitView,
  branchCommits,
  type CommitColumn,
  commitColumns,
  commitResults,
} from './branch-commits.ts'
import { type BranchOutcome, findBranch, type UnknownBranch, type UnknownProject } from './cell-key.ts'
import type { FoldedResult } from './fold.rule.ts'

export interface CommitTableFilter {
  project: string
  /** By default the main branch of the project. */
  branch?: string | undefined
  host?: string | undefined
  arch?: string | undefined
  /** Only commits with a smaller position. */
  before?: number | undefined
  /** The number of columns before the first one. */
  fromColumn?: number | undefined
}

/** The newest commits of a branch, and their results on each host for each arch. */
export interface CommitTable {
  project: string
  repository: string
  branch: string
  branches: string[]
  /** When the branch was deleted in the repository; null if it exists. */
  branchDeletedAt: Date | null
  columns: CommitColumn[]
  /** The number of columns before the first one, and whether more columns follow. */
  fromColumn: number
  moreColumns: boolean
  /** Newest first. Each row has one result for each column; null if the cell has no job of the commit. */
  rows: { commit: BranchCommitView; results: (FoldedResult | null)[] }[]
  /** The position to continue with; null on the last page. */
  next: number | null
}

export type CommitTableOutcome = { kind: 'found'; table: CommitTable } | UnknownProject | UnknownBranch

export const commitRowsMax = 50
export const commitColumnsMax = 60

/** At most 50 commits and 60 columns, so the cost does not grow with the history. */
export async function commitTable(context: Context, filter: CommitTableFilter): Promise<CommitTableOutcome> {
  const found = await findBranch(context, filter.project, filter.branch)
  if (found.kind !== 'found') return found
  const fromColumn = filter.fromColumn ?? 0
  const { host, arch, before } = filter
  const [commits, columns] = await Promise.all([
    branchCommits(context, found, { before, limit: commitRowsMax + 1 }),
    commitColumns(context, found, { host, arch, from: fromColumn, limit: commitColumnsMax + 1 }),
  ])
  return { kind: 'found', table: await tableOf(context, found, fromColumn, commits, columns) }
}

type Found = Extract<BranchOutcome, { kind: 'found' }>

async function tableOf(
  context: Context,
  found: Found,
  fromColumn: number,
  commits: BranchCommitView[],
  columns: Awaited<ReturnType<typeof commitColumns>>,
): Promise<CommitTable> {
  const shown = commits.slice(0, commitRowsMax)
  const shownColumns = columns.slice(0, commitColumnsMax)
  const results = await commitResults(
    context,
    found,
    shown.map(({ commit }) => commit),
    shownColumns,
  )
  return {
    project: found.project.name,
    repository: found.project.repository,
    branch: found.branch,
    branches: found.branches,
    branchDeletedAt: found.removedAt,
    columns: shownColumns.map(({ host, arch }) => ({ host, arch })),
    fromColumn,
    moreColumns: columns.length > commitColumnsMax,
    rows: shown.map(commit => ({
      commit,
      results: results.get(commit.commit) ?? shownColumns.map(() => null),
    })),
    next: commits.length > commitRowsMax ? (shown.at(-1)?.position ?? null) : null,
  }
}
