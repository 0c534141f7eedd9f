import type { Contexts } from '../context.ts'
import { removeBranch } from './remove-branch.ts'

export type { RemovedBranch } from './remove-branch.ts'

/** The branches of projects. */
export const branchMethods = ({ main }: Contexts) => ({
  /** Takes the cells of a deleted branch from the matrix. A second call changes nothing. */
  remove: (project: string, branch: string) => removeBranch(main, project, branch),
})
