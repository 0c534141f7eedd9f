import type { Contexts } from '../context.ts'
import * as branches from './branches.ts'
import { type MatrixFilter, matrix } from './matrix-query.ts'

export type { BranchLine, WantedLine } from './branches.ts'
export type { Matrix, MatrixHost } from './matrix.rule.ts'
export type { ActiveAttempt, CellRecord, CellStatus, MatrixCell, Milestone } from './matrix-cell.rule.ts'
export type { MatrixSummary } from './summary.rule.ts'
export type { Trouble } from './troubles.rule.ts'

/** The matrix of hosts by architectures, and the history of branches, which orders the commits of its cells. */
export const matrixMethods = ({ main, pages }: Contexts) => ({
  /** Shows each project's main branch, unless the filter names a branch. */
  load: (filter?: MatrixFilter) => matrix(pages, filter),

  /** The branches whose history must be read now: of one project, or of all. */
  listBranchesToRead: (project?: string) => branches.linesToRead(main, project),
  /** Gives a branch's built commits their positions in its history. */
  applyHistory: (history: branches.BranchLine) => branches.placeLine(main, history),
  markBranchRead: (branch: branches.WantedLine) => branches.lineRead(main, branch),
  markBranchUnreadable: (branch: branches.WantedLine) => branches.lineUnreadable(main, branch),
  markBranchMissing: (branch: branches.WantedLine, defaultBranch: string | undefined) =>
    branches.branchMissing(main, branch, defaultBranch),
})
