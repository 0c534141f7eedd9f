import type { ProjectConfig } from '@rumpfarm/contracts'
import { buildsBranch } from '../builds/plan.rule.ts'
import { isPlain } from '../projects/patterns.rule.ts'

/** Usual names of a main branch. They help if farm.yaml has no plain name and the repository names no default branch. */
const usualNames = ['main', 'master', 'trunk']

/**
 * The possible names of a project's main branch, the likeliest first: names in farm.yaml, then the default branch of the
 * repository. If the farm does not know the default branch, then usual names.
 */
export function mainBranchNames(project: ProjectConfig, defaultBranch: string | null): string[] {
  const written = project.branches.filter(isPlain)
  const others = defaultBranch === null ? usualNames : [defaultBranch]
  return [...new Set([...written, ...others.filter(name => buildsBranch(project, name))])]
}

/**
 * The branch that a project's matrix shows by default: the likeliest of the built branches, otherwise the branch with
 * the newest push. `built` starts with the branch that has the newest push.
 */
export function mainBranch(project: ProjectConfig, built: readonly string[], defaultBranch: string | null): string {
  const names = mainBranchNames(project, defaultBranch)
  return names.find(name => built.includes(name)) ?? built[0] ?? names[0] ?? defaultBranch ?? 'main'
}
