import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Cksum } from '@rumpfarm/contracts'
import { fetchShared, type SharedFiles } from '../shared-files.ts'
import type { Archived, Sums, TarballContent } from './archive.ts'
import { moveIntoFolders, openFolders, sumsPath, tarPath } from './tarball-folders.ts'

export interface Tarball extends Sums {
  key: string
  file: string
  /** The name of the same bytes in the shared files (`SharedFiles.use`). */
  shared?: string | undefined
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

/**
 * A cache of tarballs in a directory. Several servers can share it. If they do not, `shared` has the tarballs of all of
 * them, so that each server sends the same bytes. The directory and `shared` each have at most `bytesMax` bytes.
 */
export function openTarballs(directory: string, bytesMax: number, shared?: SharedFiles): Tarballs {
  const known = new Map<string, Known>()
  const running = new Map<string, Promise<TarballResult>>()
  const folders = openFolders(directory, bytesMax)
  let removing: Promise<void> = Promise.resolve()
  let moving: Promise<void> | undefined

  /** Runs in the background, one run at a time. */
  const removeInBackground = (key: string) => {
    removing = removing
      .then(() => folders.makeRoom(new Set([key, ...running.keys()])))
      .then(() => shared?.makeRoom(bytesMax))
      .catch(() => undefined) // the next new tarball starts the removal again
  }

  const inFolders = () => {
    moving ??= moveIntoFolders(directory).catch(error => {
      moving = undefined
      throw error
    })
    return moving
  }

  async function find(key: string): Promise<Tarball | undefined> {
    await inFolders()
    const before = known.get(key)
    const tarball = before ? await sameSize(before.tarball) : await readTarball(directory, key)
    if (!tarball) known.delete(key)
    else if (!before || Date.now() - before.usedAt > usedAtEveryMs) {
      // After a removal, another server can have made the tarball again with other bytes, which are the ones to send.
      if (shared && (await shared.use(sharedName(key))) !== tarball.shared) return undefined
      await recordUse(tarball, known)
    }
    return tarball
  }

  async function getOrMake(key: string, make: (file: string) => Promise<Archived>): Promise<TarballResult> {
    const found = await find(key)
    if (found) return { kind: 'tarball', ...found }
    const made = await makeTarball(directory, key, shared ? sharing(shared, key, make) : make)
    if (made.kind === 'failed') return made
    known.set(key, { tarball: { ...made }, usedAt: Date.now() })
    removeInBackground(key)
    return made
  }

  const get: Tarballs['get'] = (key, make) => {
    const same = running.get(key)
    if (same) return same
    const run = getOrMake(key, make).finally(() => running.delete(key))
    running.set(key, run)
    return run
  }
  return { get }
}

const sharedName = (key: string): string => `tarballs/${key.slice(0, 2)}/${key}.tar.gz`

type Made = Archived & Pick<Tarball, 'shared'>
type Make = (file: string) => Promise<Made>

/** Gets the tarball of another server, or makes it and stores it for the others. */
const sharing =
  (shared: SharedFiles, key: string, make: Make): Make =>
  async file => {
    const name = sharedName(key)
    const get = async (): Promise<Made | undefined> => {
      const stored = await shared.use(name)
      const sums = stored === undefined ? undefined : await fetchShared(shared, name, file)
      return sums && { kind: 'archived', sums, shared: stored }
    }
    try {
      const found = await get()
      if (found) return found
      await shared.ping()
      const made = await make(file)
      if (made.kind === 'failed') return made
      if (await shared.cache(name, createReadStream(file))) return { ...made, shared: await shared.use(name) }
      return (await get()) ?? made // another server was faster, so its bytes count
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'STORAGE_AWAY') throw error
      const problem = 'the bucket of the farm does not answer, so the farm cannot share the tarball with its servers'
      return { kind: 'failed', message: problem, problem: { kind: 'problem', problem, storageAway: true } }
    }
  }

async function makeTarball(directory: string, key: string, make: Make): Promise<TarballResult> {
  const file = tarPath(directory, key)
  await mkdir(dirname(file), { recursive: true })
  const draft = join(dirname(file), `.${key}.${randomUUID()}`)
  try {
    const made = await make(draft)
    if (made.kind === 'failed') return made
    const note = { ...made.sums, ...(made.shared !== undefined && { shared: made.shared }) }
    await rename(draft, file)
    await writeFile(`${draft}.json`, `${JSON.stringify(note)}\n`)
    await rename(`${draft}.json`, sumsPath(file))
    return { kind: 'tarball', key, file, ...note }
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

function readSums(text: string): Omit<Tarball, 'key' | 'file'> | undefined {
  try {
    const { bytes, crc, sha256, md5, shared } = JSON.parse(text) as Partial<Tarball>
    if (typeof bytes !== 'number' || !crc || !sha256 || !md5) return undefined
    return { bytes, crc, sha256, md5, ...(shared !== undefined && { shared }) }
  } catch {
    return undefined
  }
}

async function recordUse(tarball: Tarball, known: Map<string, Known>): Promise<void> {
  const now = new Date()
  known.set(tarball.key, { tarball, usedAt: now.getTime() })
  await utimes(sumsPath(tarball.file), now, now).catch(() => undefined)
}
