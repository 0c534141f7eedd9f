import { constants } from 'node:fs'
import { copyFile, link, mkdir, opendir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { draftSuffix, packedLogOf, packedPath, packedSize } from './packed-file.ts'

/** A log, an artifact, or the arrival times of a log. */
export interface StoredFileEntry {
  /** Relative to the directory of the storage. */
  path: string
  bytes: number
}

/** The files of a directory storage, in no order. A file that somebody deletes meanwhile can be missing. */
export async function* storedFiles(directory: string): AsyncIterable<StoredFileEntry> {
  for await (const path of filesBelow(directory)) {
    if (path.endsWith(draftSuffix)) continue
    const found = await statOrNothing(path)
    if (found) yield { path: relative(directory, path), bytes: found.size }
  }
}

/** In Node 20, `opendir` with `recursive` returns only the first 32 entries of each directory. */
async function* filesBelow(directory: string): AsyncIterable<string> {
  for await (const entry of (await unlessCode(opendir(directory), ['ENOENT'])) ?? []) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

/** linked: both names are the same file. present: the copy was there already. */
export type Copied = 'copied' | 'linked' | 'present'

/**
 * Copies a stored file, with its time of change. Stored files only grow, so a copy of the same size and time is the same
 * file. With `mayLink`, makes a hard link instead if both directories are on one file system. Does nothing if the file
 * does not exist any more. If the file is a log that was compressed meanwhile, copies it so.
 */
export async function copyStoredFile(from: string, to: string, options: { mayLink: boolean }): Promise<Copied> {
  const copied = await copyOne(from, to, options)
  if (copied !== undefined) return copied
  return (isLog(from) && (await copyOne(packedPath(from), packedPath(to), options))) || 'present'
}

/**
 * How many bytes a copied file has; undefined if it does not exist. A log that was compressed since then has as many as
 * before.
 */
export async function storedSize(path: string): Promise<number | undefined> {
  const size = (await statOrNothing(path))?.size
  return size === undefined && isLog(path) ? packedSize(path) : size
}

const isLog = (path: string): boolean => packedLogOf(packedPath(path)) !== undefined

/** Undefined if the file does not exist. */
async function copyOne(from: string, to: string, { mayLink }: { mayLink: boolean }): Promise<Copied | undefined> {
  const [source, target] = [await statOrNothing(from), await statOrNothing(to)]
  if (!source) return undefined
  if (isCopy(source, target)) return 'present'
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  const draft = to + draftSuffix
  await rm(draft, { force: true })
  const linked = mayLink && (await linkOrNothing(from, draft))
  if (!linked) {
    await copyFile(from, draft, constants.COPYFILE_FICLONE)
    await utimes(draft, source.atime, source.mtime)
  }
  await rename(draft, to)
  await rm(draft, { force: true }) // if both names were the same file already, `rename` did nothing
  // The copy of the log before it was compressed would take its place in each later backup.
  const log = packedLogOf(to)
  if (log !== undefined) await rm(log, { force: true })
  return linked ? 'linked' : 'copied'
}

interface FileFacts {
  size: number
  ino: number
  dev: number
  mtimeMs: number
}

const isCopy = (source: FileFacts, target: FileFacts | undefined): boolean =>
  target !== undefined &&
  ((source.ino === target.ino && source.dev === target.dev) ||
    // A file system can keep times less exactly than another.
    (source.size === target.size && Math.abs(source.mtimeMs - target.mtimeMs) < 2_000))

const statOrNothing = (path: string) => unlessCode(stat(path), ['ENOENT'])

/** EXDEV: another file system. EPERM and EMLINK: the file system has no hard links, or no more of them for this file. */
const linkOrNothing = async (from: string, to: string): Promise<boolean> =>
  (await unlessCode(
    link(from, to).then(() => true),
    ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'],
  )) ?? false

async function unlessCode<Result>(promise: Promise<Result>, codes: string[]): Promise<Result | undefined> {
  try {
    return await promise
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
