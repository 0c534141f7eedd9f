import type { Problem } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Services } from '../services.ts'

/**
 * Why the farm may not build this commit as the project's own: it came with a pull request from a fork, and git does not
 * show it as the newest commit of a branch or a tag. A webhook and a person can name any commit that the repository has,
 * also one that nobody approved. Undefined if the farm may build it.
 */
export async function forkProblem(
  { farm, mirrors }: Pick<Services, 'farm' | 'mirrors'>,
  { name, repository, pullRequests }: ProjectConfig,
  commit: string,
): Promise<{ kind: 'fork-commit'; problem: string } | Problem | undefined> {
  if (!pullRequests) return undefined
  const number = await farm.pullRequests.findForkCommit(name, commit)
  if (number === undefined) return undefined
  const refs = await mirrors.listRefs({ repository, tags: true })
  if (refs.kind === 'problem') return refs
  if ([...refs.commits.values()].includes(commit)) return undefined
  const problem = `commit ${commit.slice(0, 12)} is from a fork: only its pull request ${number} can build it`
  return { kind: 'fork-commit', problem }
}
