import { isGit, type Problem } from '@rumpfarm/connectors'
import { hideSecrets, type ProjectConfig } from '@rumpfarm/contracts'
import type { Services } from '../services.ts'

/** A commit that a webhook or a person names. */
export interface NamedCommit {
  commit: string
  /** The full name of the branch or tag that has the commit, as the sender says; undefined if it names none. */
  ref: string | undefined
}

/**
 * Why the farm may not build this commit as the project's own: git finds it on no branch and no tag, or not on the named
 * one. Forges send the commits of forks and closed pull requests by their names too, so a webhook or a person could
 * otherwise make the farm run code that nobody with permission has pushed. Undefined if the farm may build it.
 */
export async function whyNotOwn(
  { farm, mirrors }: Pick<Services, 'farm' | 'mirrors'>,
  { name, repository }: ProjectConfig,
  { commit, ref }: NamedCommit,
): Promise<{ kind: 'fork-commit'; problem: string } | Problem | undefined> {
  if (!isGit(repository)) return undefined
  const answer = await mirrors.onRefs({ repository, commit, ref })
  if (answer.kind === 'problem') return answer
  if (answer.found) return undefined
  const short = commit.slice(0, 12)
  const number = await farm.pullRequests.findForkCommit(name, commit)
  if (number !== undefined)
    return {
      kind: 'fork-commit',
      problem: `commit ${short} is from a fork: only its pull request ${number} can build it`,
    }
  const where = hideSecrets(repository)
  const problem =
    ref === undefined
      ? `no branch and no tag of ${where} has commit ${short}: is it from a fork?`
      : `${ref} of ${where} does not have commit ${short}: it is from a fork, or somebody has moved ${ref}`
  return { kind: 'problem', problem, absent: true }
}
