import type { DeletedBranch, Farm } from '@rumpfarm/farm'
import { Refusal } from './problem.ts'

/** Why the farm does not show the cells of a branch. */
export interface MissingBranch {
  branch: string
  /** Undefined if the address names no project. */
  project: string | undefined
  /** Null if the farm never built the branch. */
  deleted: DeletedBranch | null
}

export async function missingBranch(
  { branches }: Pick<Farm, 'branches'>,
  branch: string,
  project: string | undefined,
): Promise<MissingBranch> {
  const [deleted = null] = await branches.findDeleted(branch, project)
  return { branch, project, deleted }
}

/** The page with the commits of a deleted branch, whose results stay. */
export const historyPath = ({ project, branch }: DeletedBranch): string =>
  `/projects/${encodeURIComponent(project)}/commits?branch=${encodeURIComponent(branch)}`

/** Says what happened to the branch, without a full stop. */
export function branchWords({ branch, project, deleted }: MissingBranch): string {
  if (deleted === null) return `the farm has built no commit of branch ${branch} of ${project ?? 'any project'}`
  const at = `${deleted.at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return `branch ${branch} of ${deleted.project} was deleted in its repository (${at})`
}

/** The refusal for programs: 404, or 410 for a deleted branch. `known` are the branches with builds. */
export function missingBranchRefusal(
  missing: MissingBranch,
  publicPath: string,
  known: readonly string[] = [],
): Refusal {
  const { deleted } = missing
  if (deleted === null) {
    const names = known.length > 0 ? `; branches with builds: ${known.join(', ')}` : ''
    return new Refusal('unknown-branch', branchWords(missing) + names, { known })
  }
  const history = publicPath + historyPath(deleted)
  const details = { known, deletedAt: deleted.at, history }
  return new Refusal('deleted-branch', `${branchWords(missing)}; its history stays at ${history}`, details)
}
