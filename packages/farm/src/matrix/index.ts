import type { Contexts } from '../context.ts'
import { type BoxKey, type BoxView, boxView } from './box-query.ts'
import {
  applyHistory,
  type BranchHistory,
  type BranchToRead,
  listBranchesToRead,
  markBranchMissing,
  markBranchRead,
  markBranchUnreadable,
  recordDefaultBranch,
} from './branch-history.ts'
import { type GlanceFilter, glance } from './glance-query.ts'
import { type MatrixFilter, matrix } from './matrix-query.ts'

export type { BoxCell, BoxKey, BoxView } from './box-query.ts'
export type { BranchHistory, BranchToRead } from './branch-history.ts'
export type { Glance, GlanceRow } from './glance.rule.ts'
export type { GlanceCell } from './glance-cell.rule.ts'
export type { GlanceFilter } from './glance-query.ts'
export { type ChangeCounts, headline, type LookCounts } from './headline.rule.ts'
export { type Box, foldBox, isTrouble, type Look, lookOf, looks, type Part } from './look.rule.ts'
export type { Matrix, MatrixHost } from './matrix.rule.ts'
export type { ActiveAttempt, CellRecord, CellStatus, MatrixCell, Milestone } from './matrix-cell.rule.ts'
export type { Cause, News } from './news.rule.ts'
export type { MatrixSummary } from './summary.rule.ts'
export type { Trouble } from './troubles.rule.ts'

/** The matrix of hosts and architectures. The histories of the branches give the order of the commits in its cells. */
export const matrixMethods = ({ main, pages }: Contexts) => ({
  /** Shows each project's main branch, unless the filter names a branch. */
  load: (filter?: MatrixFilter) => matrix(pages, filter),
  /** All cells of a host and an arch. */
  box: (key: BoxKey): Promise<BoxView> => boxView(pages, key),
  /** The dense matrix: one box for each host and arch, and what changed first. */
  glance: (filter?: GlanceFilter) => glance(pages, filter),

  /** The branches whose history must be read now, in one project or in all. */
  listBranchesToRead: (project?: string) => listBranchesToRead(main, project),
  /** Gives a branch's built commits their positions in its history. */
  applyHistory: (history: BranchHistory) => applyHistory(main, history),
  /** Stores the default branch of a project's repository. */
  recordDefaultBranch: (project: string, repository: string, defaultBranch: string | undefined) =>
    recordDefaultBranch(main, project, repository, defaultBranch),
  markBranchRead: (branch: BranchToRead) => markBranchRead(main, branch),
  markBranchUnreadable: (branch: BranchToRead) => markBranchUnreadable(main, branch),
  markBranchMissing: (branch: BranchToRead, defaultBranch: string | undefined) =>
    markBranchMissing(main, branch, defaultBranch),
})
