import type { Contexts } from '../context.ts'
import { removeBranch } from './remove-branch.ts'
import { findDeletedBranches } from './removed-branches.ts'

export type { RemovedBranch } from './remove-branch.ts'
export type { DeletedBranch } from './removed-branches.ts'

/** The branches of projects. */
export const branchMethods = ({ main, pages }: Contexts) => ({
  /** Takes the cells of a deleted branch from the matrix. A second call changes nothing. */
  remove: (project: string, branch: string) => removeBranch(main, project, branch),
  /** The deleted branches with this name, of one project or of all projects. The branch that was deleted last is first. */
  findDeleted: (branch: string, project?: string) => findDeletedBranches(pages, branch, project),
})
