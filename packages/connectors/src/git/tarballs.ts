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

export type TarballResult = ({ kind: 'tarball' } & Tarball) | Extract<Archived, { kind: 'failed' }>

export interface Tarballs {
  /**
   * The tarball of this key. If the tarball does not exist, `make` writes it. Simultaneous callers with the same key
   * share one run of `make`.
   */
  get: (key: string, make: (file: string) => Promise<Archived>) => Promise<TarballResult>
}

// Every key contains this number. Increase it if writeArchive gives other bytes for the same commit.
const formatVersion = 1

/**
 * The name of a tarball in the cache. Every server of the farm computes the same key. `more` has everything else that
 * changes the content, such as submodules.
 */
export function tarballKey(repository: string, { commit, path, leaveOut }: TarballContent, more: object = {}): string {
  const own = Object.keys(more).length === 0 ? [] : [more]
  const parts = JSON.stringify([formatVersion, repository, commit, path ?? null, leaveOut, ...own])
  return createHash('sha256').update(parts).digest('hex').slice(0, 40)
}

interface Known {
  tarball: Tarball
  usedAt: number
}

/** For each tarball, the farm writes the time of the last use to the disk at most once in this period. */
const usedAtEveryMs = 60_000

/** A cache of tarballs in a directory. Several servers can share it. */
export function openTarballs(directory: string, bytesMax: number): Tarballs {
  const known = new Map<string, Known>()
  const running = new Map<string, Promise<TarballResult>>()
  let removing: Promise<void> = Promise.resolve()

  /** Runs in the background, one run at a time, because it takes long to read the times of thousands of files. */
  const removeInBackground = (key: string) => {
    removing = removing
      .then(() => removeOldest(directory, bytesMax, new Set([key, ...running.keys()])))
      .catch(() => undefined) // another server removes the same files; the next new tarball starts the removal again
  }

  async function find(key: string): Promise<Tarball | undefined> {
    const before = known.get(key)
    const tarball = before ? await sameSize(before.tarball) : await readTarball(directory, key)
    if (!tarball) known.delete(key)
    else if (!before || Date.now() - before.usedAt > usedAtEveryMs) await recordUse(tarball, known)
    return tarball
  }

  async function getOrMake(key: string, make: (file: string) => Promise<Archived>): Promise<TarballResult> {
    const found = await find(key)
    if (found) return { kind: 'tarball', ...found }
    const made = await makeTarball(directory, key, make)
    if (made.kind === 'failed') return made
    known.set(key, { tarball: { ...made }, usedAt: Date.now() })
    removeInBackground(key)
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
const sumsPath = (file: string) => file.replace(/\.tar\.gz$/, '.json')

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
    await rename(`${draft}.json`, sumsPath(file))
    return { kind: 'tarball', key, file, ...made.sums }
  } finally {
    await rm(draft, { force: true })
  }
}

async function sameSize(tarball: Tarball): Promise<Tarball | undefined> {
  const found = await stat(tarball.file).catch(() => undefined)
  return found?.size === tarball.bytes ? tarball : undefined
}

/** A tarball of an earlier server process. Verifies the checksum, because a power failure can leave zeros in a file. */
async function readTarball(directory: string, key: string): Promise<Tarball | undefined> {
  const file = tarPath(directory, key)
  const sums = readSums(await readFile(sumsPath(file), 'utf8').catch(() => ''))
  if (!sums || !(await sameSize({ key, file, ...sums }))) return undefined
  const crc = new Cksum()
  try {
    for await (const piece of createReadStream(file)) crc.update(piece as Buffer)
  } catch {
    return undefined // another server has just removed the file
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

async function recordUse(tarball: Tarball, known: Map<string, Known>): Promise<void> {
  const now = new Date()
  known.set(tarball.key, { tarball, usedAt: now.getTime() })
  await utimes(sumsPath(tarball.file), now, now).catch(() => undefined)
}

const draftHoursMax = 24

/**
 * Removes the least recently used tarballs until the cache is within the limit. Also removes the incomplete files of a
 * killed server.
 */
async function removeOldest(directory: string, bytesMax: number, inUse: ReadonlySet<string>): Promise<void> {
  const files = await Promise.all((await readdir(directory)).map(name => measure(directory, name)))
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
    await Promise.all([rm(sumsPath(file), { force: true }), rm(file, { force: true })])
  }
}

async function measure(directory: string, name: string) {
  const file = join(directory, name)
  const [own, note] = await Promise.all([file, sumsPath(file)].map(path => stat(path).catch(() => undefined)))
  return { name, bytes: own?.size ?? 0, usedMs: note?.mtimeMs ?? own?.mtimeMs ?? 0 }
}
