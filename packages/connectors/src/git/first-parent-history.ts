import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import { explain } from './advice.ts'
import type { Git } from './git.ts'
import { type Mirror, matchObjectFormat, objectFormatOf, objectFormatOfCommit } from './mirror.ts'
import { listRefs, type Problem } from './remote.ts'
import { uploadPack } from './safe-directory.ts'

/** Commits along the first parents (git log --first-parent). */
export interface History {
  kind: 'history'
  /** At most 200 commits, newest first. */
  commits: HistoryCommit[]
  /** Whether the list reaches the first commit of the repository. */
  complete: boolean
}

/** The history of a branch, and the default branch of its repository. */
export interface BranchHistory extends History {
  /** Undefined if the repository does not name its default branch. */
  defaultBranch: string | undefined
}

export interface HistoryCommit {
  commit: string
  /** The first parent; null for a first commit, and for the oldest commit of an incomplete list. */
  parent: string | null
  author: string
  /** Null for a merge: the author of a merge is usually not the author of its changes. Never show this address. */
  authorMail: string | null
  /** The first line of the message. */
  subject: string
  committedAt: Date
}

/** The repository answers, but it has no branch of this name. */
export interface NoBranch {
  kind: 'no-branch'
  defaultBranch: string | undefined
}

const historyCommitsMax = 200

/** Reads the present first-parent history of a branch from its repository. */
export async function readHistory(
  git: Git,
  mirror: Mirror,
  branch: string,
): Promise<BranchHistory | NoBranch | Problem> {
  const found = await branchDirectory(git, mirror, branch, { extent: 'part', filter: '--filter=tree:0' })
  if (found.kind !== 'directory') return found
  const { directory, tip, defaultBranch } = found
  const history = await list(git, mirror, directory, tip)
  return history.kind === 'history' ? { ...history, defaultBranch } : history
}

interface BranchDirectory {
  kind: 'directory'
  /** A bare repository with the newest commits of the branch. */
  directory: string
  tip: string
  /** Undefined if the repository does not name its default branch. */
  defaultBranch: string | undefined
}

interface Part {
  extent: 'part' | 'trees'
  /** The objects that git does not fetch. */
  filter: string
}

/** Makes sure that one of the farm's own repositories has the newest 200 commits of a branch. */
export async function branchDirectory(
  git: Git,
  mirror: Mirror,
  branch: string,
  { extent, filter }: Part,
): Promise<BranchDirectory | NoBranch | Problem> {
  const ref = `refs/heads/${branch}`
  const refs = await listRefs(git, mirror.repository, [ref])
  if (refs.kind === 'problem') return refs
  const { defaultBranch } = refs
  const tip = refs.commits.get(ref)
  if (tip === undefined) return { kind: 'no-branch', defaultBranch }
  const format = await matchObjectFormat(git, mirror, tip)
  if (typeof format !== 'string') return format
  if (mirror.usesAlternates) return { kind: 'directory', directory: mirror.directory, tip, defaultBranch }
  if (existsSync(directoryOf(mirror, 'whole'))) return fetchWhole(git, mirror, branch, { tip, defaultBranch })
  const part = await historyOf(git, mirror, tip, extent)
  if (typeof part !== 'string') return part
  const fetched = await fetchHistory(git, mirror, part, [`+${ref}:${ref}`], [`--depth=${historyCommitsMax}`, filter])
  if (fetched.kind === 'ok') return { kind: 'directory', directory: part, tip, defaultBranch }
  if (/does not support shallow|shallow capabilities/i.test(fetched.message))
    return fetchWhole(git, mirror, branch, { tip, defaultBranch })
  return cannotFetch(mirror, fetched.message)
}

/** Fetches a whole history with its files, from a server that cannot send a part of a history (dumb HTTP). */
async function fetchWhole(
  git: Git,
  mirror: Mirror,
  branch: string,
  found: Pick<BranchDirectory, 'tip' | 'defaultBranch'>,
): Promise<BranchDirectory | Problem> {
  const directory = await historyOf(git, mirror, found.tip, 'whole')
  if (typeof directory !== 'string') return directory
  const ref = `refs/heads/${branch}`
  const fetched = await fetchHistory(git, mirror, directory, [`+${ref}:${ref}`], [])
  return fetched.kind === 'ok' ? { kind: 'directory', directory, ...found } : cannotFetch(mirror, fetched.message)
}

const cannotFetch = ({ repository }: Mirror, message: string): Problem => ({
  kind: 'problem',
  problem: explain(`cannot fetch ${hideSecrets(repository)}`, message),
})

/**
 * Reads the history of a commit, such as the commit of a further source. A server that does not send a commit by its
 * name gives a problem.
 */
export async function readHistoryOf(git: Git, mirror: Mirror, commit: string): Promise<History | Problem> {
  const format = await matchObjectFormat(git, mirror, commit)
  if (typeof format !== 'string') return format
  if (mirror.usesAlternates) return list(git, mirror, mirror.directory, commit)
  const whole = directoryOf(mirror, 'whole')
  if (existsSync(whole)) return list(git, mirror, whole, commit)
  const part = await historyOf(git, mirror, commit, 'part')
  if (typeof part !== 'string') return part
  const filters = [`--depth=${historyCommitsMax}`, '--filter=tree:0']
  const fetched = await fetchHistory(git, mirror, part, [`+${commit}:refs/rumpfarm/tip`], filters)
  return fetched.kind === 'ok' ? list(git, mirror, part, commit) : cannotFetch(mirror, fetched.message)
}

/** The hash, the parents, the author and the address, the time and the subject, separated by NUL. A subject is one line. */
const commitFormat = '%H%x00%P%x00%an%x00%ae%x00%cI%x00%s'

async function list(git: Git, { repository }: Mirror, directory: string, tip: string): Promise<History | Problem> {
  const options = ['--first-parent', '--no-show-signature', '--no-mailmap', `--max-count=${historyCommitsMax}`]
  const args = ['log', ...options, `--format=${commitFormat}`, '--end-of-options', tip, '--']
  const listed = await git.text({ args, ...inside(git, directory) })
  if (listed.kind === 'failed')
    return { kind: 'problem', problem: explain(`cannot read ${hideSecrets(repository)}`, listed.message) }
  const commits = listed.stdout.toString('utf8').trim().split('\n').map(readCommit)
  const shallow = existsSync(join(directory, 'shallow'))
  return { kind: 'history', commits, complete: commits.length < historyCommitsMax && !shallow }
}

function readCommit(line: string): HistoryCommit {
  const [commit = '', parents = '', author = '', mail = '', at = '', subject = ''] = line.split('\0')
  const committedAt = new Date(at)
  return {
    commit,
    parent: parents.split(' ')[0] || null,
    author: cut(author, 200),
    authorMail: parents.includes(' ') || mail.length > 254 ? null : mail || null,
    subject: cut(subject, 500),
    // A commit can have a time that is no date, such as the year 292277026596.
    committedAt: Number.isNaN(committedAt.getTime()) ? new Date(0) : committedAt,
  }
}

type Extent = Part['extent'] | 'commits' | 'whole' | 'merges'

export const directoryOf = ({ directory }: Mirror, extent: Extent) => directory.replace(/(\.git)?$/, `.${extent}.git`)

/**
 * The directory of a separate repository beside the mirror. The farm uses it only to read the history. The repository
 * `part` has commits without
 * trees, and `trees` has commits with trees, but without files. The mirror must not contain such commits, because git would treat them as present,
 * but cannot make an archive of them. The repository `whole` has complete commits. It must not be the same as `part` or `trees`:
 * after a partial fetch, git 2.39 requests every missing object from the server, and a dumb HTTP server cannot send
 * these objects. The repository `commits` has all commits of branches and tags without trees. The repository `merges` has complete commits of base branches and pull requests, up to their common
 * commit.
 */
export async function historyOf(git: Git, mirror: Mirror, tip: string, extent: Extent): Promise<string | Problem> {
  const directory = directoryOf(mirror, extent)
  const format = objectFormatOfCommit(tip)
  if (existsSync(join(directory, 'HEAD'))) {
    if (objectFormatOf(directory) === format) return directory
    await rm(directory, { recursive: true, force: true })
  }
  const draft = await mkdtemp(join(dirname(directory), 'new-'))
  const args = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', draft]
  const made = await git.text({ args, seconds: git.limits.listSeconds, cwd: '/' })
  if (made.kind === 'ok') await rename(draft, directory).catch(() => stat(join(directory, 'HEAD'))) // another server made it
  await rm(draft, { recursive: true, force: true })
  return made.kind === 'ok' ? directory : { kind: 'problem', problem: explain('cannot keep the history', made.message) }
}

/** Fetches the history of branches or of a commit. A server that cannot filter (git before 2.17) also sends the files. */
export function fetchHistory(
  git: Git,
  { repository }: Mirror,
  directory: string,
  refspecs: readonly string[],
  filters: string[],
) {
  const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--update-shallow', '--force', ...filters]
  const source = [...uploadPack(repository), '--', repository, ...refspecs]
  return git.text({
    args: ['-c', 'maintenance.auto=false', 'fetch', ...options, ...source],
    ...inside(git, directory),
    seconds: git.limits.fetchSeconds,
  })
}

export const inside = (git: Git, directory: string) => ({
  seconds: git.limits.archiveSeconds,
  cwd: directory,
  also: { GIT_DIR: directory, GIT_NO_LAZY_FETCH: '1' },
})
