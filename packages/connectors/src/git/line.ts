import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hideSecrets } from '@rumpfarm/contracts'
import { explain } from './advice.ts'
import { type Git, uploadPack } from './context.ts'
import { formatOf, formatOfName, type Mirror, refit } from './mirror.ts'
import { lookAtRemote, type Problem } from './remote.ts'

export interface Line {
  kind: 'line'
  /** The branch's first-parent line, newest commit first: at most `lineCommitsMax`. */
  commits: string[]
  /** Whether it ends with the branch's first commit. */
  complete: boolean
}

/** The repository answers, and has no such branch. */
export interface NoBranch {
  kind: 'no-branch'
  defaultBranch: string | undefined
}

const lineCommitsMax = 200

/** Reads a branch's first-parent line, as the repository has it now. */
export async function readLine(git: Git, mirror: Mirror, branch: string): Promise<Line | NoBranch | Problem> {
  const ref = `refs/heads/${branch}`
  const refs = await lookAtRemote(git, mirror.repository, [ref])
  if (refs.kind === 'problem') return refs
  const tip = refs.commits.get(ref)
  if (tip === undefined) return { kind: 'no-branch', defaultBranch: refs.defaultBranch }
  const fitted = await refit(git, mirror, tip)
  if (typeof fitted !== 'string') return fitted
  if (mirror.borrowed) return list(git, mirror, mirror.directory, tip)
  if (existsSync(directoryOf(mirror, 'whole'))) return readWhole(git, mirror, branch, tip)
  const part = await historyOf(git, mirror, tip, 'part')
  if (typeof part !== 'string') return part
  const fetched = await fetchHistory(git, mirror, part, branch, [`--depth=${lineCommitsMax}`, '--filter=tree:0'])
  if (fetched.kind === 'ok') return list(git, mirror, part, tip)
  if (/does not support shallow|shallow capabilities/i.test(fetched.message)) return readWhole(git, mirror, branch, tip)
  return cannotFetch(mirror, fetched.message)
}

/** From a server that can send no part of a history (plain files over HTTP): all of it, with its files. */
async function readWhole(git: Git, mirror: Mirror, branch: string, tip: string): Promise<Line | Problem> {
  const whole = await historyOf(git, mirror, tip, 'whole')
  if (typeof whole !== 'string') return whole
  const fetched = await fetchHistory(git, mirror, whole, branch, [])
  return fetched.kind === 'ok' ? list(git, mirror, whole, tip) : cannotFetch(mirror, fetched.message)
}

const cannotFetch = ({ repository }: Mirror, message: string): Problem => ({
  kind: 'problem',
  problem: explain(`cannot fetch ${hideSecrets(repository)}`, message),
})

async function list(git: Git, { repository }: Mirror, directory: string, tip: string): Promise<Line | Problem> {
  const args = ['rev-list', '--first-parent', `--max-count=${lineCommitsMax}`, '--end-of-options', tip, '--']
  const listed = await git.text({ args, ...inside(git, directory) })
  if (listed.kind === 'failed')
    return { kind: 'problem', problem: explain(`cannot read ${hideSecrets(repository)}`, listed.message) }
  const commits = listed.stdout.toString('utf8').trim().split('\n')
  const shallow = existsSync(join(directory, 'shallow'))
  return { kind: 'line', commits, complete: commits.length < lineCommitsMax && !shallow }
}

type Extent = 'part' | 'whole'

const directoryOf = ({ directory }: Mirror, extent: Extent) => directory.replace(/(\.git)?$/, `.${extent}.git`)

/**
 * A repository for history, beside the mirror: usually of commits alone. In the mirror itself they would be in the way: a
 * commit without its files counts as present there, and no archive can be made of it. Whole histories have a repository of
 * their own: where git has left something out once, it asks the server for whatever it misses, and of a server that can
 * send no part it asks for ever, with one more program each time (git 2.39).
 */
async function historyOf(git: Git, mirror: Mirror, tip: string, extent: Extent): Promise<string | Problem> {
  const directory = directoryOf(mirror, extent)
  const format = formatOfName(tip)
  if (existsSync(join(directory, 'HEAD'))) {
    if (formatOf(directory) === format) return directory
    await rm(directory, { recursive: true, force: true })
  }
  const draft = await mkdtemp(join(dirname(directory), 'new-'))
  const args = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', draft]
  const made = await git.text({ args, seconds: git.limits.lookSeconds, cwd: '/' })
  if (made.kind === 'ok') await rename(draft, directory).catch(() => stat(join(directory, 'HEAD'))) // another server was quicker
  await rm(draft, { recursive: true, force: true })
  return made.kind === 'ok' ? directory : { kind: 'problem', problem: explain('cannot keep the history', made.message) }
}

/** A server that cannot leave files out (git before 2.17) sends them as well. */
function fetchHistory(git: Git, { repository }: Mirror, directory: string, branch: string, less: string[]) {
  const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--update-shallow', '--force', ...less]
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
