import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Cksum } from '@rumpfarm/contracts'
import type { Archived, Sums, TarballContent } from './archive.ts'

export interface Tarball extends Sums {
  key: string
  file: string
}

export type TarballResult = ({ kind: 'tarball' } & Tarball) | { kind: 'failed'; message: string }

export interface Tarballs {
  /** The tarball of this key, made by `make` into a file when it is not there. Callers of one key at a time share a run. */
  get: (key: string, make: (file: string) => Promise<Archived>) => Promise<TarballResult>
}

// Part of every key: raise it when the same commit would give other bytes (see writeArchive).
const formatVersion = 1

/** The same content of the same repository has the same key, on every server of the farm. */
export function tarballKey(repository: string, { commit, path, leaveOut }: TarballContent): string {
  const named = JSON.stringify([formatVersion, repository, commit, path ?? null, leaveOut])
  return createHash('sha256').update(named).digest('hex').slice(0, 40)
}

interface Known {
  tarball: Tarball
  usedAt: number
}

/** How often a use is noted on disk, where the oldest is looked for. */
const noteEveryMs = 60_000

/** The cache of tarballs in a directory, which several servers may share. */
export function openTarballs(directory: string, bytesMax: number): Tarballs {
  const known = new Map<string, Known>()
  const running = new Map<string, Promise<TarballResult>>()
  let room: Promise<void> = Promise.resolve()

  /** One after another, behind the answers: a cache of thousands takes a while to look at. */
  const makeRoom = (key: string) => {
    room = room.then(() => removeOldest(directory, bytesMax, new Set([key, ...running.keys()]))).catch(() => undefined) // another server removes the same files; the next tarball looks again
  }

  async function find(key: string): Promise<Tarball | undefined> {
    const before = known.get(key)
    const tarball = before ? await sameSize(before.tarball) : await readTarball(directory, key)
    if (!tarball) known.delete(key)
    else if (!before || Date.now() - before.usedAt > noteEveryMs) await noteUse(tarball, known)
    return tarball
  }

  async function getOrMake(key: string, make: (file: string) => Promise<Archived>): Promise<TarballResult> {
    const found = await find(key)
    if (found) return { kind: 'tarball', ...found }
    const made = await makeTarball(directory, key, make)
    if (made.kind === 'failed') return made
    known.set(key, { tarball: { ...made }, usedAt: Date.now() })
    makeRoom(key)
    return made
  }

  const get: Tarballs['get'] = (key, make) => {
    const shared = running.get(key)
    if (shared) return shared
    const run = getOrMake(key, make).finally(() => running.delete(key))
    running.set(key, run)
    return run
  }
  return { get }
}

const tarPath = (directory: string, key: string) => join(directory, `${key}.tar.gz`)
const notePath = (file: string) => file.replace(/\.tar\.gz$/, '.json')

async function makeTarball(
  directory: string,
  key: string,
  make: (file: string) => Promise<Archived>,
): Promise<TarballResult> {
  await mkdir(directory, { recursive: true })
  const draft = join(directory, `.${key}.${randomUUID()}`)
  try {
    const made = await make(draft)
    if (made.kind === 'failed') return made
    const file = tarPath(directory, key)
    await rename(draft, file)
    await writeFile(`${draft}.json`, `${JSON.stringify(made.sums)}\n`)
    await rename(`${draft}.json`, notePath(file))
    return { kind: 'tarball', key, file, ...made.sums }
  } finally {
    await rm(draft, { force: true })
  }
}

async function sameSize(tarball: Tarball): Promise<Tarball | undefined> {
  const found = await stat(tarball.file).catch(() => undefined)
  return found?.size === tarball.bytes ? tarball : undefined
}

/** A tarball of an earlier run: its bytes are checked, since a machine that lost power may have kept a file of zeros. */
async function readTarball(directory: string, key: string): Promise<Tarball | undefined> {
  const file = tarPath(directory, key)
  const sums = readSums(await readFile(notePath(file), 'utf8').catch(() => ''))
  if (!sums || !(await sameSize({ key, file, ...sums }))) return undefined
  const crc = new Cksum()
  try {
    for await (const piece of createReadStream(file)) crc.update(piece as Buffer)
  } catch {
    return undefined // another server has just removed it
  }
  return String(crc.digest()) === sums.crc ? { key, file, ...sums } : undefined
}

function readSums(text: string): Sums | undefined {
  try {
    const { bytes, crc, sha256, md5 } = JSON.parse(text) as Partial<Sums>
    if (typeof bytes !== 'number' || !crc || !sha256 || !md5) return undefined
    return { bytes, crc, sha256, md5 }
  } catch {
    return undefined
  }
}

async function noteUse(tarball: Tarball, known: Map<string, Known>): Promise<void> {
  const now = new Date()
  known.set(tarball.key, { tarball, usedAt: now.getTime() })
  await utimes(notePath(tarball.file), now, now).catch(() => undefined)
}

const draftHoursMax = 24

/** Removes the least recently used until the rest fits, and what a killed server left half made. */
async function removeOldest(directory: string, bytesMax: number, inUse: ReadonlySet<string>): Promise<void> {
  const files = await Promise.all((await readdir(directory)).map(name => weigh(directory, name)))
  const drafts = files.filter(
    ({ name, usedMs }) => name.startsWith('.') && Date.now() - usedMs > draftHoursMax * 3_600_000,
  )
  await Promise.all(drafts.map(({ name }) => rm(join(directory, name), { force: true })))
  const tarballs = files.filter(({ name }) => name.endsWith('.tar.gz')).sort((a, b) => a.usedMs - b.usedMs)
  let bytes = tarballs.reduce((sum, tarball) => sum + tarball.bytes, 0)
  for (const { name, bytes: own } of tarballs) {
    if (bytes <= bytesMax) return
    if (inUse.has(name.slice(0, -'.tar.gz'.length))) continue
    bytes -= own
    const file = join(directory, name)
    await Promise.all([rm(notePath(file), { force: true }), rm(file, { force: true })])
  }
}

async function weigh(directory: string, name: string) {
  const file = join(directory, name)
  const [own, note] = await Promise.all([file, notePath(file)].map(path => stat(path).catch(() => undefined)))
  return { name, bytes: own?.size ?? 0, usedMs: note?.mtimeMs ?? own?.mtimeMs ?? 0 }
}
