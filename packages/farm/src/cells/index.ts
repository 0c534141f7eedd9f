import type { AttemptId } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { branchCells, type CellFilter, lastGoodCells } from './branch-cells.ts'
import { branchCommits } from './branch-commits.ts'
import { type CellAddress, findBranch } from './cell-key.ts'
import { findCell } from './cell-query.ts'
import { type CommitTableFilter, commitTable } from './commit-table.ts'
import { compareRuns, type RunDifferences } from './compare-runs.ts'
import { type RecentChangesFilter, recentChanges } from './recent-changes.ts'

export type { BranchCell, CellFilter, CellName, LastGoodCell } from './branch-cells.ts'
export type { BranchCommitView, CommitColumn } from './branch-commits.ts'
export type { BranchOutcome, CellAddress, ProjectBranch, UnknownBranch, UnknownProject } from './cell-key.ts'
export type { CellOutcome, CellView } from './cell-query.ts'
export type { BisectedChange } from './change-history.ts'
export type { Change } from './changes.rule.ts'
export type { CommitTable, CommitTableFilter, CommitTableOutcome } from './commit-table.ts'
export type { RunDifferences } from './compare-runs.ts'
export type { FoldedResult } from './fold.rule.ts'
export type { RecentChange } from './recent-changes.rule.ts'
export type { RecentChangesFilter, RecentChangesOutcome } from './recent-changes.ts'
export type { CellRun, OpenRun } from './runs.ts'
export type { SinceLastGood } from './since-last-good.ts'

/** The cells of a project's branch: one host, arch and variant each. */
export const cellMethods = ({ pages, listing, history }: Contexts) => ({
  find: (address: CellAddress) => findCell(pages, address),
  /** Compares the host facts and the recipes of two attempts. */
  compareRuns: (before: AttemptId, after: AttemptId): Promise<RunDifferences> => compareRuns(pages, before, after),
  /** Without a branch: the project's main branch. */
  findBranch: (project: string, branch?: string) => findBranch(pages, project, branch),
  list: (of: { project: string; branch: string }, filter: CellFilter) => branchCells(pages, of, filter),
  lastGood: (of: { project: string; branch: string }, filter: CellFilter) => lastGoodCells(pages, of, filter),
  commits: (...given: Parameters<typeof branchCommits> extends [unknown, ...infer Rest] ? Rest : never) =>
    branchCommits(pages, ...given),
  /** How the results of the cells changed last, newest first. */
  recentChanges: (filter?: RecentChangesFilter) => listing(() => recentChanges(pages, filter)),
  commitTable: (filter: CommitTableFilter) => history(() => commitTable(pages, filter)),
})
