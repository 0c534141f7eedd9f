import { cut, hideSecrets } from '@rumpfarm/contracts'
import type { Guard } from '../notifiers/guard.ts'
import { isFullCommit, isRefName } from './addresses.ts'
import { explain } from './advice.ts'
import { type AllowedAddress, allowForkAddress } from './fork-address.ts'
import type { Git } from './git.ts'
import { fetchOne, findCommit, hasFetchedCommit, type Mirror, matchObjectFormat } from './mirror.ts'
import { listRefs, type Problem } from './remote.ts'
import { uploadPack } from './safe-directory.ts'

/** Where a forge has the commits of a pull request. */
export interface PullRequestPlace {
  /** The ref of the configured repository with the newest commit, such as refs/pull/7/head. Null if it has none. */
  headRef: string | null
  /** The branch with the changes. */
  headBranch: string
  /** The addresses of the repository with this branch. */
  headUrls: readonly string[]
  /** Whether this is another repository than the configured one. */
  fork: boolean
}

export interface PullRequestHead {
  kind: 'head'
  commit: string
  /** False only if the configured repository has the commit as the tip of the branch. */
  fork: boolean
}

/**
 * Reads the newest commit of a pull request: from the configured repository, or else from the repository of the fork.
 * Nobody can push to the branches of the configured repository without permission. So only a commit that is the tip of
 * such a branch counts as the project's own code, whatever the forge said.
 */
export async function readHead(
  git: Git,
  mirror: Mirror,
  place: PullRequestPlace,
  guard: Guard,
): Promise<PullRequestHead | Problem> {
  const wrong = placeProblem(place)
  if (wrong) return wrong
  const branch = `refs/heads/${place.headBranch}`
  const refs = await listRefs(git, mirror.repository, [...refsOf(place), branch])
  if (refs.kind === 'problem') return refs
  const own = place.fork ? undefined : refs.commits.get(branch)
  if (own) return { kind: 'head', commit: own, fork: false }
  const head = refsOf(place)
    .map(ref => refs.commits.get(ref))
    .find(Boolean)
  if (head) return { kind: 'head', commit: head, fork: true }
  const where = `${hideSecrets(mirror.repository)} has no ref ${place.headRef ?? 'of the pull request'}`
  if (!place.fork) return { ...problem(`${where} and no branch ${place.headBranch}`), absent: true }
  const outside = await allowForkAddress(place.headUrls, mirror.repository, guard)
  if ('problem' in outside) return problem(`${where}, and ${outside.problem}`)
  return readForkHead(git, outside, branch)
}

async function readForkHead(
  git: Git,
  { address, options, also }: AllowedAddress,
  branch: string,
): Promise<PullRequestHead | Problem> {
  const args = [...options, 'ls-remote', '--quiet', '--', address, branch]
  const answer = await git.text({ args, seconds: git.limits.listSeconds, cwd: '/', also })
  if (answer.kind === 'failed') return problem(explain(`cannot read the fork ${hideSecrets(address)}`, answer.message))
  const commit = /^([0-9a-f]{40,64})\t/.exec(answer.stdout.toString('utf8'))?.[1]
  if (commit) return { kind: 'head', commit, fork: true }
  return { ...problem(`the fork ${hideSecrets(address)} has no ${branch}`), absent: true }
}

export function placeProblem({ headRef, headBranch }: PullRequestPlace): Problem | undefined {
  const wrong = [...refsOf({ headRef }), headBranch].find(name => !isRefName(name))
  return wrong === undefined ? undefined : problem(`"${cut(wrong, 100)}" is not a name of a branch or a ref`)
}

const refsOf = ({ headRef }: Pick<PullRequestPlace, 'headRef'>): string[] => (headRef === null ? [] : [headRef])

/** A way to fetch a commit: an address, and what to ask it for. */
export interface FetchWay extends AllowedAddress {
  refspec: string
}

/** The ways to fetch the newest commit of a pull request, the configured repository first. */
export async function waysToFetch(
  { repository }: Mirror,
  place: PullRequestPlace,
  commit: string,
  guard: Guard,
): Promise<FetchWay[]> {
  const configured: AllowedAddress = { address: repository, options: [], also: {} }
  const ways = [commit, ...refsOf(place)].map(refspec => ({ ...configured, refspec }))
  if (!place.fork) return [...ways, { ...configured, refspec: `refs/heads/${place.headBranch}` }]
  const outside = await allowForkAddress(place.headUrls, repository, guard)
  if ('problem' in outside) return ways
  return [...ways, { ...outside, refspec: commit }, { ...outside, refspec: `refs/heads/${place.headBranch}` }]
}

/**
 * Makes sure that a repository of the farm has the commit under refs/farm. A ref can have moved since the farm read it,
 * so only the commit itself counts.
 */
export async function fetchByWays(
  git: Git,
  directory: string,
  commit: string,
  ways: readonly FetchWay[],
  depth: string[],
): Promise<Problem | undefined> {
  let last = 'no address has it'
  for (const { address, options, also, refspec } of ways) {
    const target = 'refs/rumpfarm/incoming'
    const flags = ['--quiet', '--no-tags', '--no-recurse-submodules', '--update-shallow', '--force', ...depth]
    const source = [...uploadPack(address), '--', address, `+${refspec}:${target}`]
    const args = [...options, '-c', 'maintenance.auto=false', 'fetch', ...flags, ...source]
    const fetched = await git.text({ args, seconds: git.limits.fetchSeconds, ...within(directory, also) })
    if (fetched.kind === 'failed') last = explain(`cannot fetch ${hideSecrets(address)}`, fetched.message)
    const kept = ['update-ref', `refs/farm/${commit}`, commit]
    const held = await git.text({ args: ['cat-file', '-e', `${commit}^{commit}`], seconds: 60, ...within(directory) })
    if (held.kind === 'failed') continue
    const stored = await git.text({ args: kept, seconds: 60, ...within(directory) })
    if (stored.kind === 'ok') return undefined
    last = stored.message
  }
  return problem(`the farm cannot fetch commit ${commit.slice(0, 12)}: ${last}`)
}

/** Makes sure that the mirror has the newest commit of a pull request, without its history. */
export async function fetchHead(
  git: Git,
  mirror: Mirror,
  { place, commit }: { place: PullRequestPlace; commit: string },
  guard: Guard,
): Promise<Problem | undefined> {
  const wrong = isFullCommit(commit) ? placeProblem(place) : problem(`"${cut(commit, 100)}" is not a full commit`)
  if (wrong) return wrong
  const format = await matchObjectFormat(git, mirror, commit)
  if (typeof format !== 'string') return format
  if (hasFetchedCommit(mirror, commit) && (await findCommit(git, mirror, commit))) return undefined
  if (mirror.usesAlternates && (await findCommit(git, mirror, commit))) return undefined
  if ((await fetchOne(git, mirror, commit)).kind === 'fetched' && (await findCommit(git, mirror, commit)))
    return undefined
  const ways = await waysToFetch(mirror, place, commit, guard)
  return fetchByWays(git, mirror.directory, commit, ways, mirror.usesAlternates ? [] : ['--depth=1'])
}

export const within = (directory: string, also: Record<string, string> = {}) => ({
  cwd: directory,
  also: { ...also, GIT_DIR: directory, GIT_NO_LAZY_FETCH: '1' },
})

const problem = (text: string): Problem => ({ kind: 'problem', problem: text })
