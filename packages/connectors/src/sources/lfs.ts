// The files of a commit that git LFS stores elsewhere.

import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { localPath } from '../git/addresses.ts'
import type { TarballContent } from '../git/archive.ts'
import type { Git } from '../git/git.ts'
import type { Mirror } from '../git/mirror.ts'
import { trustDirectory, withSuffix } from '../git/safe-directory.ts'
import { TarError } from '../git/tar-stream.ts'
import { readWholeTree, type TreeEntry } from '../git/whole-tree.ts'
import { isKept, removeOldest } from './kept-files.ts'
import { type LfsPointer, pointerBytesMax, readPointer } from './lfs-pointer.ts'
import { downloadObjects, type LfsServer, lfsAddress, objectFile } from './lfs-server.ts'

interface Place {
  /** For the objects. */
  directory: string
  /** Whether the tarball has this path. */
  isWanted: (path: Buffer) => boolean
}

const objectsMax = 50_000

/**
 * Makes sure that the farm has the content of all LFS files below the project's directory. Returns the pointers by
 * their paths in the tarball, as latin1. Only files with the attribute `filter=lfs` count, as in git LFS.
 */
export async function prepareLfs(
  git: Git,
  mirror: Mirror,
  content: TarballContent,
  place: Place,
): Promise<Map<string, LfsPointer>> {
  const root = content.path === undefined ? '' : `${content.path}/`
  const entries: TreeEntry[] = []
  for await (const entry of readWholeTree(git, mirror, content.commit)) {
    const isSmall = entry.size !== undefined && entry.size < pointerBytesMax && entry.mode.startsWith('100')
    const inside = Buffer.from(entry.path.toString('latin1').slice(root.length), 'latin1')
    if (isSmall && entry.path.toString('utf8').startsWith(root) && place.isWanted(inside)) entries.push(entry)
  }
  const filtered = await withFilter(git, mirror, content.commit, entries)
  if (filtered.length > objectsMax) throw new TarError(`more than ${objectsMax} files are in git LFS`)
  const pointers = new Map<string, LfsPointer>()
  const reader = await git.readers.of(mirror.directory)
  for (const { path, hash } of filtered) {
    const pointer = readPointer((await reader.read(hash))?.content ?? Buffer.alloc(0))
    // As in git LFS, a file that is no pointer stays as it is.
    if (pointer) pointers.set(path.toString('latin1').slice(root.length), pointer)
  }
  await obtain(git, mirror, content.commit, place.directory, [...pointers.values()])
  return pointers
}

/**
 * The entries whose attribute `filter` is `lfs`. git reads attributes only from a work tree or an index, and the
 * mirror's own attributes turn filters off, so this function uses an index in a temporary repository.
 */
async function withFilter(
  git: Git,
  { directory }: Mirror,
  commit: string,
  entries: readonly TreeEntry[],
): Promise<TreeEntry[]> {
  if (entries.length === 0) return []
  const draft = await mkdtemp(join(dirname(directory), 'new-'))
  try {
    const format = commit.length === 64 ? 'sha256' : 'sha1'
    const settings = { seconds: git.limits.archiveSeconds, cwd: draft }
    await run(git, {
      ...settings,
      args: ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, '--', draft],
    })
    const also = {
      GIT_DIR: draft,
      GIT_OBJECT_DIRECTORY: join(directory, 'objects'),
      GIT_INDEX_FILE: join(draft, 'index'),
    }
    await run(git, { ...settings, also, args: ['read-tree', commit] })
    const args = ['-c', 'core.bare=false', 'check-attr', '--cached', '-z', '--stdin', 'filter']
    const running = await git.stream({ ...settings, also: { ...also, GIT_WORK_TREE: draft }, args, input: true })
    running.stdin?.end(Buffer.concat(entries.flatMap(({ path }) => [path, Buffer.from([0])])))
    const pieces: Buffer[] = []
    for await (const piece of running.stdout) pieces.push(piece as Buffer)
    const end = await running.ended
    if (end.kind === 'failed') throw new TarError(end.message)
    const fields = Buffer.concat(pieces).toString('latin1').split('\0')
    return entries.filter((_, index) => fields[index * 3 + 2] === 'lfs')
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function run(git: Git, start: Parameters<Git['text']>[0]): Promise<Buffer> {
  const answer = await git.text(start)
  if (answer.kind === 'failed') throw new TarError(answer.message)
  return answer.stdout
}

const keptBytesMax = 20_000_000_000

async function obtain(git: Git, mirror: Mirror, commit: string, directory: string, pointers: readonly LfsPointer[]) {
  if (pointers.length === 0) return
  await mkdir(directory, { recursive: true })
  const local = localPath(mirror.repository)
  if (local) await copyLocal(git, local, directory, pointers)
  const url = lfsAddress(mirror.repository, await configuredAddress(git, mirror, commit))
  if (url === undefined) return mustHave(mirror, directory, pointers)
  const server: LfsServer = {
    url,
    trustedHost: hostOf(lfsAddress(mirror.repository, undefined)),
    credentials: () => credentialsFor(git, url),
  }
  if (!/^https?:\/\//i.test(url)) throw new TarError(`.lfsconfig names the server ${url}: the farm uses https and http`)
  await downloadObjects(server, directory, pointers)
  for (const part of new Set(pointers.map(pointer => dirname(objectFile(directory, pointer)))))
    await removeOldest(part, keptBytesMax / 256, undefined)
}

const hostOf = (address: string | undefined) =>
  address !== undefined && URL.canParse(address) ? new URL(address).host : ''

/** The key lfs.url in the file .lfsconfig of the commit. */
async function configuredAddress(git: Git, { directory }: Mirror, commit: string): Promise<string | undefined> {
  const args = ['config', '--blob', `${commit}:.lfsconfig`, '--get', 'lfs.url']
  const asked = await git.text({
    args,
    seconds: git.limits.archiveSeconds,
    cwd: directory,
    also: { GIT_DIR: directory },
  })
  return asked.kind === 'ok' ? asked.stdout.toString('utf8').trim() || undefined : undefined
}

/** A repository on this machine keeps the objects beside its own. */
async function copyLocal(git: Git, local: string, directory: string, pointers: readonly LfsPointer[]): Promise<void> {
  const path = withSuffix(local)
  const args = [...trustDirectory(path), '-C', path, 'rev-parse', '--git-path', 'lfs/objects']
  const asked = await git.text({ args, seconds: git.limits.archiveSeconds })
  if (asked.kind === 'failed') return
  const objects = resolve(path, asked.stdout.toString('utf8').trim())
  for (const pointer of pointers) await copyObject(objects, objectFile(directory, pointer), pointer)
}

/** If the object is absent or wrong, the caller reports it. */
async function copyObject(objects: string, file: string, { oid }: LfsPointer): Promise<void> {
  if (await isKept(file)) return
  await mkdir(dirname(file), { recursive: true })
  const draft = join(dirname(file), `.${oid}.${randomUUID()}`)
  try {
    await copyFile(join(objects, oid.slice(0, 2), oid.slice(2, 4), oid), draft).catch(() => undefined)
    if ((await sha256Of(draft).catch(() => '')) === oid) await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

async function mustHave({ repository }: Mirror, directory: string, pointers: readonly LfsPointer[]): Promise<void> {
  for (const pointer of pointers) {
    if (await isKept(objectFile(directory, pointer))) continue
    throw new TarError(
      `${repository} has no object ${pointer.oid} of git LFS, or its content is wrong: run git lfs fetch --all there`,
    )
  }
}

/** The user and the password for an address, from git's credential helpers. git asks nobody. */
async function credentialsFor(git: Git, address: string): Promise<string | undefined> {
  const { protocol, host, pathname } = new URL(address)
  const running = await git.stream({
    args: ['credential', 'fill'],
    seconds: git.limits.listSeconds,
    cwd: '/',
    input: true,
  })
  running.stdin?.end(`protocol=${protocol.slice(0, -1)}\nhost=${host}\npath=${pathname.slice(1)}\n\n`)
  let text = ''
  for await (const piece of running.stdout) text += String(piece)
  const end = await running.ended
  const user = /^username=(.*)$/m.exec(text)?.[1]
  const password = /^password=(.*)$/m.exec(text)?.[1]
  if (end.kind === 'failed' || user === undefined || password === undefined) return undefined
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
