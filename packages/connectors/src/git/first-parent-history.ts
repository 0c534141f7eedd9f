import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hideSecrets } from '@rumpfarm/contracts'
import { explain } from './advice.ts'
import type { Git } from './git.ts'
import { type Mirror, matchObjectFormat, objectFormatOf, objectFormatOfCommit } from './mirror.ts'
import { listRefs, type Problem } from './remote.ts'
import { uploadPack } from './safe-directory.ts'

/** The commits of a branch along the first parents (git rev-list --first-parent). */
export interface History {
  kind: 'history'
  /** At most 200 commits, newest first. */
  commits: string[]
  /** Whether the list reaches the first commit of the branch. */
  complete: boolean
}

/** The repository answers, but it has no branch of this name. */
export interface NoBranch {
  kind: 'no-branch'
  defaultBranch: string | undefined
}

const historyCommitsMax = 200

/** Reads the present first-parent history of a branch from its repository. */
export async function readHistory(git: Git, mirror: Mirror, branch: string): Promise<History | NoBranch | Problem> {
  const ref = `refs/heads/${branch}`
  const refs = await listRefs(git, mirror.repository, [ref])
  if (refs.kind === 'problem') return refs
  const tip = refs.commits.get(ref)
  if (tip === undefined) return { kind: 'no-branch', defaultBranch: refs.defaultBranch }
  const format = await matchObjectFormat(git, mirror, tip)
  if (typeof format !== 'string') return format
  if (mirror.usesAlternates) return list(git, mirror, mirror.directory, tip)
  if (existsSync(directoryOf(mirror, 'whole'))) return readWhole(git, mirror, branch, tip)
  const part = await historyOf(git, mirror, tip, 'part')
  if (typeof part !== 'string') return part
  const fetched = await fetchHistory(git, mirror, part, branch, [`--depth=${historyCommitsMax}`, '--filter=tree:0'])
  if (fetched.kind === 'ok') return list(git, mirror, part, tip)
  if (/does not support shallow|shallow capabilities/i.test(fetched.message)) return readWhole(git, mirror, branch, tip)
  return cannotFetch(mirror, fetched.message)
}

/** Fetches a whole history with its files, from a server that cannot send a part of a history (dumb HTTP). */
async function readWhole(git: Git, mirror: Mirror, branch: string, tip: string): Promise<History | Problem> {
  const whole = await historyOf(git, mirror, tip, 'whole')
  if (typeof whole !== 'string') return whole
  const fetched = await fetchHistory(git, mirror, whole, branch, [])
  return fetched.kind === 'ok' ? list(git, mirror, whole, tip) : cannotFetch(mirror, fetched.message)
}

const cannotFetch = ({ repository }: Mirror, message: string): Problem => ({
  kind: 'problem',
  problem: explain(`cannot fetch ${hideSecrets(repository)}`, message),
})

async function list(git: Git, { repository }: Mirror, directory: string, tip: string): Promise<History | Problem> {
  const args = ['rev-list', '--first-parent', `--max-count=${historyCommitsMax}`, '--end-of-options', tip, '--']
  const listed = await git.text({ args, ...inside(git, directory) })
  if (listed.kind === 'failed')
    return { kind: 'problem', problem: explain(`cannot read ${hideSecrets(repository)}`, listed.message) }
  const commits = listed.stdout.toString('utf8').trim().split('\n')
  const shallow = existsSync(join(directory, 'shallow'))
  return { kind: 'history', commits, complete: commits.length < historyCommitsMax && !shallow }
}

type Extent = 'part' | 'whole'

const directoryOf = ({ directory }: Mirror, extent: Extent) => directory.replace(/(\.git)?$/, `.${extent}.git`)

/**
 * The directory of a separate repository beside the mirror. The farm uses it only to read the history. The repository
 * `part` has commits without files. The mirror must not contain such commits, because git would treat them as present,
 * but cannot make an archive of them. The repository `whole` has complete commits. It must not be the same as `part`:
 * after a partial fetch, git 2.39 requests every missing object from the server, and a dumb HTTP server cannot send
 * these objects.
 */
async function historyOf(git: Git, mirror: Mirror, tip: string, extent: Extent): Promise<string | Problem> {
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

/** Fetches the history of a branch. A server that cannot filter (git before 2.17) also sends the files. */
function fetchHistory(git: Git, { repository }: Mirror, directory: string, branch: string, filters: string[]) {
  const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--update-shallow', '--force', ...filters]
  const ref = `refs/heads/${branch}`
  const source = [...uploadPack(repository), '--', repository, `+${ref}:${ref}`]
  return git.text({
    args: ['-c', 'maintenance.auto=false', 'fetch', ...options, ...source],
    ...inside(git, directory),
    seconds: git.limits.fetchSeconds,
  })
}

const inside = (git: Git, directory: string) => ({
  seconds: git.limits.archiveSeconds,
  cwd: directory,
  also: { GIT_DIR: directory, GIT_NO_LAZY_FETCH: '1' },
})
