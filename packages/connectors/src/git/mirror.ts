import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import { localPath, mirrorName } from './addresses.ts'
import { explain } from './advice.ts'
import { type Git, vouchFor, withSuffix } from './context.ts'
import { type Fetched, fetchAll, fetchCommit, lookAtRemote, type Problem } from './remote.ts'

export interface Commit {
  commit: string
  /** First line of the message; both at most 500 characters. */
  subject: string
  author: string
}

/** A bare repository of ours that holds what was fetched from one of theirs. */
export interface Mirror {
  repository: string
  directory: string
  /** The repository is on this machine: its objects are used where they are, and nothing is ever fetched. */
  borrowed: boolean
}

// A checkout would apply these, and people rely on the farm building what they committed: no file left out
// (export-ignore), none rewritten (export-subst, ident), no program of the administrator's run on one (filter).
const attributes = '* -export-ignore -export-subst -ident -filter\n'

/** The mirror of a repository, made when it is not there: whole or not at all, also by two servers at once. */
export async function openMirror(git: Git, root: string, repository: string): Promise<Mirror | Problem> {
  const address = await effectiveAddress(git, repository)
  const directory = join(root, mirrorName(repository, address))
  if (!existsSync(join(directory, 'HEAD'))) {
    await mkdir(root, { recursive: true })
    const format = await objectFormat(git, repository, localPath(address))
    if (typeof format !== 'string') return format
    const wrong = await placeMirror(git, { repository, directory, address, format })
    if (wrong) return wrong
  }
  return { repository, directory, borrowed: existsSync(alternates(directory)) }
}

/** A repository that was made again can have names of another hash; then its mirror is made again, too. */
export async function refit(
  git: Git,
  { repository, directory }: Mirror,
  commit: string,
): Promise<Problem | 'same' | 'made'> {
  if (formatOf(directory) === formatOfName(commit)) return 'same'
  const address = await effectiveAddress(git, repository)
  const format = await objectFormat(git, repository, localPath(address))
  if (typeof format !== 'string') return format
  if (format !== formatOfName(commit)) return 'same' // it has no such commit
  return (await placeMirror(git, { repository, directory, address, format })) ?? 'made'
}

interface NewMirror {
  repository: string
  directory: string
  address: string
  format: string
}

async function placeMirror(
  git: Git,
  { repository, directory, address, format }: NewMirror,
): Promise<Problem | undefined> {
  const draft = await mkdtemp(join(dirname(directory), 'new-'))
  const old = `${draft}.old`
  const wrong = await fillDraft(git, draft, address, format)
  if (!wrong) {
    if (existsSync(directory)) await rename(directory, old)
    await rename(draft, directory).catch(() => stat(join(directory, 'HEAD'))) // another server was quicker
  }
  for (const unused of [draft, old]) await rm(unused, { recursive: true, force: true })
  return wrong ? { kind: 'problem', problem: explain(`cannot read ${hideSecrets(repository)}`, wrong) } : undefined
}

/** The hash by which a repository of ours names its objects, as git has noted it. */
export const formatOf = (directory: string): string =>
  /objectformat = sha256/i.test(readFileSync(join(directory, 'config'), 'utf8')) ? 'sha256' : 'sha1'

export const formatOfName = (commit: string): string => (commit.length === 64 ? 'sha256' : 'sha1')

const alternates = (directory: string) => join(directory, 'objects/info/alternates')

/** Where git would go: an administrator's url.….insteadOf can put a copy on this machine in a forge's place. */
async function effectiveAddress(git: Git, repository: string): Promise<string> {
  const asked = await git.text({ args: ['ls-remote', '--get-url', '--', repository], seconds: 60, cwd: '/' })
  const address = (asked.kind === 'ok' && asked.stdout.toString('utf8').trim()) || repository
  const path = localPath(address)
  return path ? withSuffix(path) : address
}

async function fillDraft(git: Git, draft: string, address: string, format: string): Promise<string | undefined> {
  const made = await git.text({
    args: ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', draft],
    seconds: 60,
    cwd: '/',
  })
  if (made.kind === 'failed') return made.message
  await mkdir(join(draft, 'info'), { recursive: true })
  await writeFile(join(draft, 'info/attributes'), attributes)
  const path = localPath(address)
  return path ? borrow(git, draft, path) : undefined
}

/** sha1 or sha256. Of a repository elsewhere by the length of a commit's name; an empty one is taken for one of SHA-1. */
async function objectFormat(git: Git, repository: string, path: string | undefined): Promise<string | Problem> {
  if (path === undefined) {
    const refs = await lookAtRemote(git, repository, ['refs/heads/*'])
    if (refs.kind === 'problem') return refs
    const [any = ''] = refs.commits.values()
    return formatOfName(any)
  }
  const args = [...vouchFor(path), '-C', path, 'rev-parse', '--show-object-format']
  const asked = await git.text({ args, seconds: 60 })
  if (asked.kind === 'ok') return asked.stdout.toString('utf8').trim()
  return { kind: 'problem', problem: explain(`cannot read ${hideSecrets(repository)}`, asked.message) }
}

/**
 * A repository on this machine lends its objects: no bytes are copied, its commits are here the moment they are made, and
 * a copy that lacks what the recipe leaves out is good enough (upload-pack would refuse to serve it).
 */
async function borrow(git: Git, draft: string, path: string): Promise<string | undefined> {
  const place = await git.text({
    args: [...vouchFor(path), '-C', path, 'rev-parse', '--git-path', 'objects'],
    seconds: 60,
  })
  if (place.kind === 'failed') return place.message
  await mkdir(join(draft, 'objects/info'), { recursive: true })
  await writeFile(alternates(draft), `${resolve(path, place.stdout.toString('utf8').trim())}\n`)
  return undefined
}

/** The commit (full or short) if the mirror has it. --no-walk: a shallow copy lacks its parents. */
export async function lookUp(git: Git, { directory }: Mirror, commit: string): Promise<Commit | undefined> {
  const form = ['--no-walk', '--encoding=UTF-8', '--format=%H%n%an%n%s']
  const args = ['log', ...form, '--end-of-options', `${commit}^{commit}`, '--']
  const answer = await git.text({ args, ...inside(git, directory) })
  if (answer.kind === 'failed') return undefined
  const [full = '', author = '', ...subject] = answer.stdout.toString('utf8').trimEnd().split('\n')
  return { commit: full, author: plain(author), subject: plain(subject.join(' ')) }
}

/** Whether the commit was once fetched by its own name: it has a reference, in a file of its own or packed with others. */
export function wasFetched({ directory }: Mirror, commit: string): boolean {
  if (existsSync(join(directory, 'refs/farm', commit))) return true
  const packed = join(directory, 'packed-refs')
  return existsSync(packed) && readFileSync(packed, 'latin1').includes(commit)
}

const plain = (text: string) => cut(text.replace(/\p{Cc}+/gu, ' '), 500)

export type FileRead = { kind: 'file'; content: Buffer } | { kind: 'absent' }

/** A file of a commit that the mirror has; of a submodule, the commit that it is at. */
export async function readBlob(git: Git, { directory }: Mirror, commit: string, path: string): Promise<FileRead> {
  const answer = await git.text({ args: ['cat-file', 'blob', `${commit}:${path}`], ...inside(git, directory) })
  if (answer.kind === 'ok') return { kind: 'file', content: answer.stdout }
  const args = ['--literal-pathspecs', 'ls-tree', commit, '--', path]
  const entry = await git.text({ args, ...inside(git, directory) })
  const submodule = entry.kind === 'ok' ? /^160000 commit (\w+)\t/.exec(entry.stdout.toString('utf8'))?.[1] : undefined
  return submodule ? { kind: 'file', content: Buffer.from(submodule) } : { kind: 'absent' }
}

const inside = (git: Git, directory: string) => ({
  seconds: git.limits.archiveSeconds,
  cwd: directory,
  also: { GIT_DIR: directory },
})

const lockPauseMs = 500
const lockTriesMax = 10

/** Brings one commit into the mirror. */
export const bringCommit = async (git: Git, mirror: Mirror, commit: string): Promise<Fetched> =>
  mirror.borrowed
    ? { kind: 'absent' }
    : pastLocks(mirror, git, () => fetchCommit(git, mirror.directory, mirror.repository, commit))

/** Brings everything into the mirror, with history. */
export const bringAll = async (git: Git, mirror: Mirror): Promise<Fetched> =>
  mirror.borrowed
    ? { kind: 'absent' }
    : pastLocks(mirror, git, () =>
        fetchAll(git, mirror.directory, mirror.repository, existsSync(join(mirror.directory, 'shallow'))),
      )

/** Another server may be fetching into the same mirror; one that was killed leaves its lock behind for ever. */
async function pastLocks(mirror: Mirror, git: Git, run: () => Promise<Fetched>): Promise<Fetched> {
  for (let tries = 1; ; tries++) {
    const fetched = await run()
    const lock = fetched.kind === 'problem' ? /Unable to create '([^']+\.lock)'/.exec(fetched.problem)?.[1] : undefined
    if (!lock?.startsWith(mirror.directory) || tries === lockTriesMax) return fetched
    const since = await stat(lock).catch(() => undefined)
    if (since && Date.now() - since.mtimeMs > git.limits.fetchSeconds * 1000) await rm(lock, { force: true })
    else await new Promise(resolve => setTimeout(resolve, lockPauseMs))
  }
}

/** Packs what many small fetches left; rarely has anything to do. */
export async function tidy(git: Git, { directory }: Mirror): Promise<void> {
  const args = ['-c', 'gc.auto=1000', '-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet']
  await git.text({ args, seconds: git.limits.fetchSeconds, cwd: directory, also: { GIT_DIR: directory } })
}
