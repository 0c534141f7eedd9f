import { createReadStream, rmSync, statSync } from 'node:fs'
import { type FileHandle, open as openFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileBytes } from './open-files.ts'
import { ExpectedSum } from './packed/expected-sum.ts'
import { blockBytes, DamagedLogError, type PackedIndex, packedBytesMax, packedBytesMin } from './packed/format.ts'
import { indexCache } from './packed/index-cache.ts'
import { packLog } from './packed/pack.ts'
import { openPacked, unpackLog } from './packed/unpack.ts'
import type { ExpectedLog, PackOutcome, StoredGzip } from './storage.ts'

/** The compressed form of a log, beside the place of the log. */
export const packedPath = (path: string): string => `${path}.gz`
/** The path of the log whose compressed form has this path; undefined if it is no such path. */
export const packedLogOf = (path: string): string | undefined => /^(.*\/)?\d+\/\d+\.\d+\.log(?=\.gz$)/.exec(path)?.[0]
/** An interrupted copy or compression leaves a file of this name, which is no stored file. */
export const draftSuffix = '.incomplete'
const draftOf = (path: string): string => packedPath(path) + draftSuffix
/** A server writes to its draft all the time, so the server of an older draft has ended. */
const draftMs = 10 * 60_000

/** Compressed logs of a directory. */
export class PackedFiles {
  readonly #indexes = indexCache()

  /** The bytes of the log from `start` to `end`. The error has the code ENOENT if the log does not exist. */
  async *read(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    const opened = await this.#open(path)
    if (!opened) throw Object.assign(new Error(`ENOENT: there is no log ${path}`), { code: 'ENOENT' })
    const { file, index } = opened
    try {
      yield* unpackLog(index, (from, until) => fileBytes(file, from, until), start, end)
    } catch (error) {
      throw withName(error, path)
    } finally {
      await file.close()
    }
  }

  /** Undefined if the log is not compressed. */
  async index(path: string): Promise<PackedIndex | undefined> {
    const opened = await this.#open(path)
    await opened?.file.close()
    return opened?.index
  }

  async gzip(path: string): Promise<StoredGzip | undefined> {
    const index = await this.index(path)
    if (!index) return undefined
    const bytes = index.gzipBytes
    return { bytes, read: () => createReadStream(packedPath(path), { end: bytes - 1, highWaterMark: 256 * 1024 }) }
  }

  async #open(path: string): Promise<{ file: FileHandle; index: PackedIndex } | undefined> {
    const file = await orMissing(openFile(packedPath(path)))
    if (!file) return undefined
    try {
      const { size, ino, mtimeMs } = await file.stat()
      const key = `${path} ${ino} ${mtimeMs}`
      const known = this.#indexes.get(key)
      const index = known ?? (await openPacked({ bytes: size, read: (start, end) => fileBytes(file, start, end) }))
      if (!known) this.#indexes.set(key, index)
      return { file, index }
    } catch (error) {
      await file.close()
      throw withName(error, path)
    }
  }
}

/** The size of the log in bytes, if it is compressed. */
export const packedSize = async (path: string): Promise<number | undefined> =>
  (await new PackedFiles().index(path))?.bytes

export const isPacked = (path: string): boolean => statSync(packedPath(path), { throwIfNoEntry: false }) !== undefined

export function removePacked(path: string): void {
  rmSync(packedPath(path), { force: true })
  rmSync(draftOf(path), { force: true })
}

function withName(error: unknown, path: string): unknown {
  if (error instanceof DamagedLogError)
    error.message = `the stored log ${packedPath(path)} cannot be read: ${error.message}`
  return error
}

/**
 * Puts the compressed log in place of the log. The new file is complete on the disk before it gets its name, and the log
 * is deleted after that. So a crash leaves the log, or both.
 */
export async function packFile(path: string, expected: ExpectedLog, signal?: AbortSignal): Promise<PackOutcome> {
  if (expected.bytes < packedBytesMin || expected.bytes > packedBytesMax) return 'unsuitable'
  const file = await orMissing(openFile(path))
  try {
    const size = file ? (await file.stat()).size : 0
    if (!file || size === 0) return isPacked(path) ? 'present' : 'missing'
    if (size !== expected.bytes) return 'differs'
    const outcome = await writeDraft(path, file, expected, signal)
    if (outcome !== 'packed') return outcome
    await rename(draftOf(path), packedPath(path))
    await flushDirectory(dirname(path))
    await rm(path, { force: true })
    return 'packed'
  } finally {
    await file?.close()
  }
}

async function writeDraft(
  path: string,
  file: FileHandle,
  expected: ExpectedLog,
  signal?: AbortSignal,
): Promise<PackOutcome> {
  const draft = await openDraft(draftOf(path))
  if (!draft) return 'busy'
  let outcome: PackOutcome = 'differs'
  try {
    const sum = new ExpectedSum(expected.checksum)
    for await (const bytes of packLog(sum.add(blocksOf(file, expected.bytes, signal)))) await draft.writeFile(bytes)
    await draft.sync()
    if (sum.matches()) outcome = 'packed'
    return outcome
  } finally {
    await draft.close()
    if (outcome !== 'packed') await rm(draftOf(path), { force: true })
  }
}

/** Undefined if another server writes the draft. */
async function openDraft(path: string): Promise<FileHandle | undefined> {
  const create = () => openFile(path, 'wx', 0o644)
  try {
    return await create()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await orMissing(stat(path))
  if (found && Date.now() - found.mtimeMs < draftMs) return undefined
  await rm(path, { force: true })
  return create()
}

/** `packLog` uses at most two blocks at the same time. */
async function* blocksOf(file: FileHandle, bytes: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffers = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(blockBytes, bytes)))
  for (let at = 0; at < bytes; at += blockBytes) {
    signal?.throwIfAborted()
    const block = (buffers[(at / blockBytes) % 2] as Buffer).subarray(0, Math.min(blockBytes, bytes - at))
    for (let read = 0; read < block.length; ) {
      const { bytesRead } = await file.read(block, read, block.length - read, at + read)
      if (bytesRead === 0) throw new Error('the log became shorter while the farm compressed it')
      read += bytesRead
    }
    yield block
  }
}

/** After a power failure, the new name must be there if the old one is gone. */
async function flushDirectory(path: string): Promise<void> {
  const directory = await openFile(path)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

async function orMissing<Result>(promise: Promise<Result>): Promise<Result | undefined> {
  try {
    return await promise
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
