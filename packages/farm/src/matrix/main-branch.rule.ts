import type { ProjectConfig } from '@rumpfarm/contracts'
import { buildsBranch } from '../builds/plan.rule.ts'
import { isPlain } from '../projects/patterns.rule.ts'

/** Usual names of a main branch. They help if the patterns of a project contain no plain name. */
const usualNames = ['main', 'master', 'trunk']

/** The possible names of a project's main branch, the likeliest first: names in farm.yaml, then usual names. */
export function mainBranchNames(project: ProjectConfig): string[] {
  const written = project.branches.filter(isPlain)
  return [...new Set([...written, ...usualNames.filter(name => buildsBranch(project, name))])]
}

/**
 * The branch that a project's matrix shows by default: the likeliest of the built branches, otherwise the branch with
 * the newest push. `built` starts with the branch that has the newest push.
 */
export function mainBranch(project: ProjectConfig, built: readonly string[]): string {
  const names = mainBranchNames(project)
  return names.find(name => built.includes(name)) ?? built[0] ?? names[0] ?? 'main'
}
