import type { ProjectConfig } from '@rumpfarm/contracts'
import { buildsBranch } from '../builds/plan.rule.ts'
import { isPlain } from '../projects/patterns.rule.ts'

/** What most repositories call their main branch, for a project whose patterns name none. */
const usualNames = ['main', 'master', 'trunk']

/** The names that the main branch of a project may have, the likeliest first: those that farm.yaml writes out, then usual ones. */
export function mainBranchNames(project: ProjectConfig): string[] {
  const written = project.branches.filter(isPlain)
  return [...new Set([...written, ...usualNames.filter(name => buildsBranch(project, name))])]
}

/**
 * The branch that a project's matrix shows unless another one is chosen: the likeliest name that was built, or else the
 * branch that was pushed last. `built` is in the order of the last push, newest first.
 */
export function mainBranch(project: ProjectConfig, built: readonly string[]): string {
  const names = mainBranchNames(project)
  return names.find(name => built.includes(name)) ?? built[0] ?? names[0] ?? 'main'
}
