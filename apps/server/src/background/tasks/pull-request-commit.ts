import type { Mirrors, Problem } from '@rumpfarm/connectors'
import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Farm, PreparedSource } from '@rumpfarm/farm'

export type CommitToBuild = { kind: 'commit'; commit: string; merged?: NonNullable<PreparedSource['merged']> } | Problem

/**
 * The commit of the first source of a build. For a pull request this is its merge with the base branch, or its newest
 * commit, as farm.yaml says. The mirror then has the commit.
 */
export async function commitToBuild(
  farm: Farm,
  mirrors: Mirrors,
  build: { id: number; commit: string; pullRequestId: number | null },
  { repository, pullRequests }: ProjectConfig,
): Promise<CommitToBuild> {
  const { commit } = build
  if (build.pullRequestId === null) return { kind: 'commit', commit }
  const request = await farm.pullRequests.sourceOfBuild(build.id)
  if (!request) return { kind: 'problem', problem: 'the farm does not know the pull request of this build' }
  const { number, baseBranch, mergeRef, fork, headRef, headBranch, headUrls } = request
  const place = { headRef, headBranch, headUrls, fork }
  if (pullRequests?.build === 'head') {
    const fetched = await mirrors.fetchPullRequest({ repository, place, commit })
    return fetched.kind === 'problem' ? fetched : { kind: 'commit', commit }
  }
  const merge = await mirrors.mergePullRequest({ repository, place, commit, number, baseBranch, mergeRef })
  if (merge.kind === 'problem') return merge
  const { base, by } = merge
  return { kind: 'commit', commit: merge.commit, merged: { head: commit, base, by } }
}
