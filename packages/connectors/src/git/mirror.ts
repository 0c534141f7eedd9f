import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { cut, hideSecrets } from '@rumpfarm/contracts'
import { isFullCommit, localPath, mirrorName } from './addresses.ts'
import { explain } from './advice.ts'
import { readCommit } from './commit-object.ts'
import type { Git } from './git.ts'
import { ReaderClosed } from './object-reader.ts'
import { type Fetched, fetchAll, fetchCommit, listRefs, type Problem } from './remote.ts'
import { trustDirectory, withSuffix } from './safe-directory.ts'

export interface Commit {
  commit: string
  /** The first line of the message, at most 500 characters. */
  subject: string
  /** At most 500 characters. */
  author: string
  /** The whole message, at most 10,000 characters. */
  message: string
}

/** A bare repository of the farm that holds the commits of one repository. */
export interface Mirror {
  repository: string
  directory: string
  /**
   * Whether the repository is on this machine. Then the mirror reads the objects of the repository
   * (objects/info/alternates), and the farm fetches nothing.
   */
  usesAlternates: boolean
}

// The farm builds exactly the committed files. So git must not omit files (export-ignore), change files (export-subst,
// ident) or run the administrator's programs on files (filter).
const attributes = '* -export-ignore -export-subst -ident -filter\n'

/**
 * The mirror of a repository. If the mirror does not exist, this function creates it. Other processes see the complete
 * mirror or none, even if two servers create the mirror at once.
 */
export async function openMirror(git: Git, root: string, repository: string): Promise<Mirror | Problem> {
  const address = await effectiveAddress(git, repository)
  const directory = join(root, mirrorName(repository, address))
  if (!existsSync(join(directory, 'HEAD'))) {
    await mkdir(root, { recursive: true })
    const format = await objectFormat(git, repository, localPath(address))
    if (typeof format !== 'string') return format
    const wrong = await createMirror(git, { repository, directory, address, format })
    if (wrong) return wrong
  }
  return { repository, directory, usesAlternates: existsSync(alternates(directory)) }
}

/**
 * If somebody created the repository again with another hash algorithm (SHA-1 or SHA-256), creates the mirror again.
 */
export async function matchObjectFormat(
  git: Git,
  { repository, directory }: Mirror,
  commit: string,
): Promise<Problem | 'same' | 'created'> {
  if (objectFormatOf(directory) === objectFormatOfCommit(commit)) return 'same'
  const address = await effectiveAddress(git, repository)
  const format = await objectFormat(git, repository, localPath(address))
  if (typeof format !== 'string') return format
  if (format !== objectFormatOfCommit(commit)) return 'same' // the repository does not have this commit
  const wrong = await createMirror(git, { repository, directory, address, format })
  git.readers.close(directory)
  git.wire.forget(directory)
  return wrong ?? 'created'
}

interface NewMirror {
  repository: string
  directory: string
  address: string
  format: string
}

async function createMirror(
  git: Git,
  { repository, directory, address, format }: NewMirror,
): Promise<Problem | undefined> {
  const draft = await mkdtemp(join(dirname(directory), 'new-'))
  const old = `${draft}.old`
  const wrong = await fillMirror(git, draft, address, format)
  if (!wrong) {
    if (existsSync(directory)) await rename(directory, old)
    await rename(draft, directory).catch(() => stat(join(directory, 'HEAD'))) // another server made the mirror
  }
  for (const unused of [draft, old]) await rm(unused, { recursive: true, force: true })
  return wrong ? { kind: 'problem', problem: explain(`cannot read ${hideSecrets(repository)}`, wrong) } : undefined
}

/** The hash algorithm of one of the farm's own repositories, sha1 or sha256, from the repository's configuration. */
export const objectFormatOf = (directory: string): string =>
  /objectformat = sha256/i.test(readFileSync(join(directory, 'config'), 'utf8')) ? 'sha256' : 'sha1'

export const objectFormatOfCommit = (commit: string): string => (commit.length === 64 ? 'sha256' : 'sha1')

const alternates = (directory: string) => join(directory, 'objects/info/alternates')

/** The address that git uses. With url.….insteadOf, an administrator can replace a forge by a copy on this machine. */
async function effectiveAddress(git: Git, repository: string): Promise<string> {
  const asked = await git.text({ args: ['ls-remote', '--get-url', '--', repository], seconds: 60, cwd: '/' })
  const address = (asked.kind === 'ok' && asked.stdout.toString('utf8').trim()) || repository
  const path = localPath(address)
  return path ? withSuffix(path) : address
}

async function fillMirror(git: Git, draft: string, address: string, format: string): Promise<string | undefined> {
  const made = await git.text({
    args: ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', draft],
    seconds: 60,
    cwd: '/',
  })
  if (made.kind === 'failed') return made.message
  await mkdir(join(draft, 'info'), { recursive: true })
  await writeFile(join(draft, 'info/attributes'), attributes)
  const path = localPath(address)
  return path ? useAlternates(git, draft, path) : undefined
}

/**
 * The hash algorithm of a repository, sha1 or sha256. The commit names of a remote repository show the algorithm by
 * their length.
 */
async function objectFormat(git: Git, repository: string, path: string | undefined): Promise<string | Problem> {
  if (path === undefined) {
    const refs = await listRefs(git, repository, ['refs/heads/*'])
    if (refs.kind === 'problem') return refs
    const [any = ''] = refs.commits.values()
    return objectFormatOfCommit(any)
  }
  const args = [...trustDirectory(path), '-C', path, 'rev-parse', '--show-object-format']
  const asked = await git.text({ args, seconds: 60 })
  if (asked.kind === 'ok') return asked.stdout.toString('utf8').trim()
  return { kind: 'problem', problem: explain(`cannot read ${hideSecrets(repository)}`, asked.message) }
}

/**
 * Makes the mirror read the objects of a repository on this machine. So git copies nothing, and new commits are
 * available at once. The repository may even be incomplete, if it lacks only files whose paths are in leave-out. A
 * fetch from an incomplete repository would fail, because upload-pack refuses to send from it.
 */
async function useAlternates(git: Git, draft: string, path: string): Promise<string | undefined> {
  const objects = await git.text({
    args: [...trustDirectory(path), '-C', path, 'rev-parse', '--git-path', 'objects'],
    seconds: 60,
  })
  if (objects.kind === 'failed') return objects.message
  await mkdir(join(draft, 'objects/info'), { recursive: true })
  await writeFile(alternates(draft), `${resolve(path, objects.stdout.toString('utf8').trim())}\n`)
  return undefined
}

/**
 * The commit with this full or short name, if the mirror has it. git needs --no-walk, because a shallow mirror does not
 * have the parents of the commit.
 */
export async function findCommit(git: Git, { directory }: Mirror, commit: string): Promise<Commit | undefined> {
  const read = isFullCommit(commit) ? await readObject(git, directory, commit) : undefined
  const known = read?.type === 'commit' ? readCommit(read.content) : undefined
  if (known)
    return { commit, author: plain(known.author), subject: plain(known.subject), message: cut(known.message, 10_000) }
  const form = ['--no-walk', '--encoding=UTF-8', '--format=%H%n%an%n%s%n%B']
  const args = ['log', ...form, '--end-of-options', `${commit}^{commit}`, '--']
  const answer = await git.text({ args, ...inside(git, directory) })
  if (answer.kind === 'failed') return undefined
  const [full = '', author = '', subject = '', ...message] = answer.stdout.toString('utf8').trimEnd().split('\n')
  return { commit: full, author: plain(author), subject: plain(subject), message: cut(message.join('\n'), 10_000) }
}

/**
 * Whether the farm fetched this commit by its name. Such a commit has a ref with its name, in a file or in packed-refs.
 */
export function hasFetchedCommit({ directory }: Mirror, commit: string): boolean {
  if (existsSync(join(directory, 'refs/farm', commit))) return true
  const packed = join(directory, 'packed-refs')
  return existsSync(packed) && readFileSync(packed, 'latin1').includes(commit)
}

const plain = (text: string) => cut(text.replace(/\p{Cc}+/gu, ' '), 500)

export type FileRead = { kind: 'file'; content: Buffer } | { kind: 'absent' }

/** A file of a commit in the mirror. For a submodule, the content is the name of the submodule's commit. */
export async function readBlob(git: Git, { directory }: Mirror, commit: string, path: string): Promise<FileRead> {
  const read = await readObject(git, directory, `${commit}:${path}`)
  if (read?.type === 'blob') return { kind: 'file', content: read.content }
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

/** Fetches one commit into the mirror. */
export async function fetchOne(git: Git, mirror: Mirror, commit: string): Promise<Fetched> {
  if (mirror.usesAlternates) return { kind: 'absent' }
  const direct = await git.wire.fetchCommit(mirror, commit)
  if (direct.kind !== 'use-git') return direct
  return retryWhileLocked(mirror, git, () => fetchCommit(git, mirror.directory, mirror.repository, commit))
}

/** Fetches all branches and tags into the mirror, with their history. */
export const fetchWhole = async (git: Git, mirror: Mirror): Promise<Fetched> =>
  mirror.usesAlternates
    ? { kind: 'absent' }
    : retryWhileLocked(mirror, git, () =>
        fetchAll(git, mirror.directory, mirror.repository, existsSync(join(mirror.directory, 'shallow'))),
      )

/**
 * Runs a fetch again while another server fetches into the same mirror. Removes a lock that is older than the longest
 * fetch, because such a lock belongs to a killed server.
 */
async function retryWhileLocked(mirror: Mirror, git: Git, run: () => Promise<Fetched>): Promise<Fetched> {
  for (let tries = 1; ; tries++) {
    const fetched = await run()
    const lock = fetched.kind === 'problem' ? /Unable to create '([^']+\.lock)'/.exec(fetched.problem)?.[1] : undefined
    if (!lock?.startsWith(mirror.directory) || tries === lockTriesMax) return fetched
    const since = await stat(lock).catch(() => undefined)
    if (since && Date.now() - since.mtimeMs > git.limits.fetchSeconds * 1000) await rm(lock, { force: true })
    else await new Promise(resolve => setTimeout(resolve, lockPauseMs))
  }
}

/** An object from the process that reads this mirror; undefined if another git command must look for the object. */
async function readObject(git: Git, directory: string, name: string) {
  try {
    return await (await git.readers.of(directory)).read(name)
  } catch (error) {
    if (error instanceof ReaderClosed) return undefined
    throw error
  }
}

/** A mirror keeps the refs of this many commits that the farm fetched by their names: the newest ones. */
const commitRefsMax = 5_000

/**
 * Forgets the oldest fetched commits above the limit, and packs the objects that many small fetches left (git gc --auto).
 * git deletes objects without a ref after two weeks. If the farm needs such a commit again, it fetches it again.
 */
export async function collectGarbage(git: Git, { directory }: Mirror, refsMax = commitRefsMax): Promise<void> {
  await pruneRefs(git, directory, refsMax)
  const args = ['-c', 'gc.auto=1000', '-c', 'gc.autoDetach=false', 'gc', '--auto', '--quiet']
  await git.text({ args, seconds: git.limits.fetchSeconds, cwd: directory, also: { GIT_DIR: directory } })
  git.readers.close(directory) // the process would keep the removed packs on the disk
}

/** Each built commit has a ref, so that git keeps it. Their order is that of the dates of the commits. */
async function pruneRefs(git: Git, directory: string, refsMax: number): Promise<void> {
  const where = { seconds: git.limits.fetchSeconds, cwd: directory, also: { GIT_DIR: directory } }
  const args = ['for-each-ref', '--sort=-creatordate', '--format=%(refname)', 'refs/farm']
  const listed = await git.text({ args, ...where })
  if (listed.kind === 'failed') return
  const old = listed.stdout.toString('utf8').split('\n').filter(Boolean).slice(refsMax)
  if (old.length === 0) return
  const running = await git.stream({ args: ['update-ref', '--stdin'], input: true, ...where })
  running.stdin?.end(old.map(ref => `delete ${ref}\n`).join(''))
  running.stdout.resume()
  await running.ended // if git fails, the next run tries again
}
