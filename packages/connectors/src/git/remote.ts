import { hideSecrets } from '@rumpfarm/contracts'
import { explain } from './advice.ts'
import { type Git, uploadPack } from './context.ts'

/** What a repository's own side says of its branches. */
export interface RemoteRefs {
  kind: 'refs'
  /** The default branch, where the other side names one. */
  defaultBranch: string | undefined
  head: string | undefined
  /** By full name (refs/heads/main); an annotated tag stands for its commit. */
  commits: Map<string, string>
}

export interface Problem {
  kind: 'problem'
  problem: string
  /** The repository answers, and has no such branch or commit: asking again will not help. */
  absent?: true
}

/** Asks a repository for its HEAD, and for these refs by their full names. */
export async function lookAtRemote(git: Git, repository: string, refs: string[]): Promise<RemoteRefs | Problem> {
  const wanted = ['HEAD', ...refs, ...refs.map(ref => `${ref}^{}`)]
  const args = ['ls-remote', '--symref', '--quiet', ...uploadPack(repository), '--', repository, ...wanted]
  const answer = await git.text({ args, seconds: git.limits.lookSeconds, cwd: '/' })
  if (answer.kind === 'ok') return readRefs(answer.stdout.toString('utf8'))
  return { kind: 'problem', problem: explain(`cannot read ${hideSecrets(repository)}`, answer.message) }
}

/** What to do where a repository's HEAD stands for no commit. */
export async function noHead(git: Git, repository: string): Promise<Problem> {
  const refs = await lookAtRemote(git, repository, ['refs/heads/*'])
  if (refs.kind === 'problem') return refs
  const shown = hideSecrets(repository)
  const branches = [...refs.commits.keys()].map(name => name.replace('refs/heads/', '')).slice(0, 10)
  const problem =
    branches.length === 0
      ? `${shown} has no commit yet`
      : `HEAD of ${shown} names a branch that does not exist: trigger one of its branches, ${branches.join(', ')}`
  return { kind: 'problem', problem, absent: true }
}

function readRefs(text: string): RemoteRefs {
  const commits = new Map<string, string>()
  let defaultBranch: string | undefined
  for (const line of text.split('\n')) {
    const symref = /^ref: refs\/heads\/(\S+)\tHEAD$/.exec(line)
    if (symref) defaultBranch = symref[1]
    const [, commit, name] = /^([0-9a-f]{40,64})\t(\S+)$/.exec(line) ?? []
    if (!commit || !name) continue
    const peeled = name.endsWith('^{}') ? name.slice(0, -3) : undefined
    if (peeled || !commits.has(name)) commits.set(peeled ?? name, commit)
  }
  return { kind: 'refs', defaultBranch, head: commits.get('HEAD'), commits }
}

export type Fetched = { kind: 'fetched' } | { kind: 'absent' } | Problem

/**
 * Fetches one commit, without its history: src-netbsd's is several gigabytes, and a tarball needs none of it. Later commits then
 * arrive as small differences to those that are there. Where the other side serves neither single commits nor shallow
 * ones (git before 2.5 and its dumb HTTP), all branches are fetched.
 */
export async function fetchCommit(git: Git, mirror: string, repository: string, commit: string): Promise<Fetched> {
  const one = await fetch(git, mirror, repository, ['--depth=1'], `+${commit}:refs/farm/${commit}`)
  if (one.kind === 'ok') return { kind: 'fetched' }
  if (/not our ref/.test(one.message)) return { kind: 'absent' }
  if (
    !/unadvertised object|does not support shallow|shallow capabilities|no such remote ref|couldn't find remote ref/i.test(
      one.message,
    )
  )
    return { kind: 'problem', problem: explain(`cannot fetch ${hideSecrets(repository)}`, one.message) }
  return fetchAll(git, mirror, repository)
}

/** Fetches all branches and tags with their whole history. */
export async function fetchAll(git: Git, mirror: string, repository: string, shallow = false): Promise<Fetched> {
  const depth = shallow ? ['--unshallow'] : []
  const all = await fetch(git, mirror, repository, depth, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*')
  if (all.kind === 'ok') return { kind: 'fetched' }
  return { kind: 'problem', problem: explain(`cannot fetch ${hideSecrets(repository)}`, all.message) }
}

function fetch(git: Git, mirror: string, repository: string, depth: string[], ...refspecs: string[]) {
  const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--update-shallow', '--force']
  // The mirror is tidied now and then by its own rule: a look for rubbish after each fetch is one more program, 6 of 60 ms.
  const args = [
    '-c',
    'maintenance.auto=false',
    'fetch',
    ...options,
    ...depth,
    ...uploadPack(repository),
    '--',
    repository,
    ...refspecs,
  ]
  return git.text({ args, seconds: git.limits.fetchSeconds, cwd: mirror, also: { GIT_DIR: mirror } })
}
