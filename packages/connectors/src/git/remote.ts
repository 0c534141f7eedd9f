import { hideSecrets } from '@rumpfarm/contracts'
import { localPath } from './addresses.ts'
import { explain } from './advice.ts'
import type { Git } from './git.ts'
import type { Fetched, Problem, RemoteRefs } from './remote-answers.ts'
import { uploadPack } from './safe-directory.ts'

export type { Fetched, Problem, RemoteRefs } from './remote-answers.ts'

/** A failed request to the repository, with git's message. */
const requestProblem = (repository: string, what: 'read' | 'fetch', message: string): Problem => ({
  kind: 'problem',
  problem: explain(`cannot ${what} ${hideSecrets(repository)}`, message),
  ...(localPath(repository) === undefined ? { unreachable: true } : {}),
})

/** Reads HEAD and these refs from the repository, like git ls-remote. The refs are full names, or end with `/*`. */
export async function listRefs(git: Git, repository: string, refs: string[]): Promise<RemoteRefs | Problem> {
  const direct = await git.wire.listRefs(repository, refs)
  if (direct.kind !== 'use-git') return direct
  const wanted = ['HEAD', ...refs, ...refs.map(ref => `${ref}^{}`)]
  const args = ['ls-remote', '--symref', '--quiet', ...uploadPack(repository), '--', repository, ...wanted]
  const answer = await git.text({ args, seconds: git.limits.listSeconds, cwd: '/' })
  if (answer.kind === 'ok') return readRefs(answer.stdout.toString('utf8'))
  return requestProblem(repository, 'read', answer.message)
}

/** Returns the problem of a repository whose HEAD has no commit. The problem says what to do. */
export async function explainMissingHead(git: Git, repository: string): Promise<Problem> {
  const refs = await listRefs(git, repository, ['refs/heads/*'])
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

/**
 * Fetches one commit without its history, because a tarball does not need the history, and the history of src-netbsd
 * has several gigabytes. git sends later commits as small differences. Some servers cannot send a single commit (git
 * before 2.5, and dumb HTTP). From such a server, this function fetches all branches.
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
    return requestProblem(repository, 'fetch', one.message)
  return fetchAll(git, mirror, repository)
}

/** Fetches all branches and tags with their whole history. */
export async function fetchAll(git: Git, mirror: string, repository: string, shallow = false): Promise<Fetched> {
  const depth = shallow ? ['--unshallow'] : []
  const all = await fetch(git, mirror, repository, depth, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*')
  if (all.kind === 'ok') return { kind: 'fetched' }
  return requestProblem(repository, 'fetch', all.message)
}

function fetch(git: Git, mirror: string, repository: string, depth: string[], ...refspecs: string[]) {
  const options = ['--quiet', '--no-tags', '--no-recurse-submodules', '--update-shallow', '--force']
  // Without this setting, each fetch starts a process that checks whether gc is due, which takes 6 of the 60 ms of a
  // fetch. Instead, collectGarbage sometimes runs gc.
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
