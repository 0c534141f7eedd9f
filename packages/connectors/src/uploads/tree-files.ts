import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export type Appended = { kind: 'appended' | 'wrong-offset' | 'too-long'; received: number }

/** A part of an upload. */
export interface Part {
  offset: number
  pieces: AsyncIterable<Uint8Array>
  /** The upload has at most so many bytes. */
  bytesMax: number
}

/** The bytes of uploads while they arrive, and afterwards. */
export interface TreeFiles {
  received(id: string): Promise<number>
  /** Keeps what arrived before the connection broke. */
  append(id: string, part: Part): Promise<Appended>
  /** The path of a file on this server with all bytes that arrived. */
  fetch(id: string): Promise<string>
  /** Removes all bytes, which must then arrive again. */
  empty(id: string): Promise<void>
  /** The upload takes no more bytes. */
  complete(id: string): Promise<void>
  remove(id: string): Promise<void>
}

/** Uploads for all servers of a farm that have no common disk, by their ids. */
export interface UploadedFiles {
  open(id: string): {
    refreshSize(): Promise<number>
    /** Returns the new size, which differs if another server has changed the file meanwhile. */
    write(offset: number, bytes: readonly Uint8Array[]): Promise<number>
    clear(): Promise<void>
    seal(): Promise<void>
  }
  size(id: string): Promise<number>
  read(id: string, start: number, end: number): Readable
  remove(id: string): Promise<void>
}

export const fileOf = (directory: string, id: string) => join(directory, `${id}.tar.gz`)
export const sumsOf = (directory: string, id: string) => join(directory, `${id}.json`)

const removeCopies = async (directory: string, id: string) => {
  for (const file of [sumsOf(directory, id), fileOf(directory, id)]) await rm(file, { force: true })
}

/** Uploads in a directory, which all servers share. The length of a file says what arrived, so it survives a restart. */
export function treesIn(directory: string): TreeFiles {
  const received = async (id: string) => (await stat(fileOf(directory, id)).catch(() => undefined))?.size ?? 0
  return {
    received,
    async append(id, part) {
      await mkdir(directory, { recursive: true })
      const file = await open(fileOf(directory, id), part.offset === 0 ? 'a' : 'r+').catch(() => undefined)
      await file?.close()
      const size = await received(id)
      if (part.offset > size) return { kind: 'wrong-offset', received: size }
      return write(fileOf(directory, id), part)
    },
    fetch: async id => fileOf(directory, id),
    empty: id => truncate(fileOf(directory, id)),
    complete: async () => {},
    remove: id => removeCopies(directory, id),
  }
}

async function write(path: string, { offset, pieces, bytesMax }: Part): Promise<Appended> {
  const file = await open(path, 'r+')
  let at = offset
  try {
    // Each write names its offset. So if two connections send the same part, both write the same bytes.
    for await (const piece of pieces) {
      if (at + piece.length > bytesMax) return { kind: 'too-long', received: at }
      for (let done = 0; done < piece.length; )
        done += (await file.write(piece, done, piece.length - done, at + done)).bytesWritten
      at += piece.length
    }
    return { kind: 'appended', received: at }
  } finally {
    await file.close()
  }
}

/** So many bytes are stored at once. */
const storedBytes = 1024 * 1024
/** A try ends after a day, so nobody needs an older copy. */
const copyMsMax = 48 * 3600 * 1000

/** Uploads for servers without a common disk. `directory` has this server's copies. */
export function sharedTrees(directory: string, files: UploadedFiles): TreeFiles {
  return {
    received: id => files.size(id),
    append: (id, part) => appendShared(files.open(id), part),
    async fetch(id) {
      await mkdir(directory, { recursive: true })
      await removeOldCopies(directory)
      const draft = `${fileOf(directory, id)}.${randomUUID()}` // two requests can need the same upload at once
      try {
        await pipeline(files.read(id, 0, await files.size(id)), createWriteStream(draft))
        await rename(draft, fileOf(directory, id))
      } finally {
        await rm(draft, { force: true })
      }
      return fileOf(directory, id)
    },
    async empty(id) {
      await files.open(id).clear()
      await removeCopies(directory, id)
    },
    complete: id => files.open(id).seal(),
    async remove(id) {
      await files.remove(id)
      await removeCopies(directory, id)
    },
  }
}

/** `remove` runs on one server only, and the others keep their copies. */
async function removeOldCopies(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > copyMsMax) await rm(path, { force: true })
  }
}

/** Bytes that the farm has already are not stored again. */
async function appendShared(file: ReturnType<UploadedFiles['open']>, part: Part): Promise<Appended> {
  let size = await file.refreshSize()
  if (part.offset > size) return { kind: 'wrong-offset', received: size }
  let at = part.offset
  let isTooLong = false
  let waiting: Uint8Array[] = []
  /** Stores the bytes that wait. Returns whether it did: another server may store the same upload. */
  const store = async () => {
    const bytes = waiting
    waiting = []
    if (at <= size) return true
    const end = at
    size = await file.write(size, bytes)
    return size === end
  }
  try {
    for await (const piece of part.pieces) {
      isTooLong = at + piece.length > part.bytesMax
      if (isTooLong) break
      waiting.push(piece.subarray(Math.max(0, size - at)))
      at += piece.length
      if (at - size >= storedBytes && !(await store())) return { kind: 'wrong-offset', received: size }
    }
  } catch (error) {
    await store()
    throw error
  }
  if (!(await store())) return { kind: 'wrong-offset', received: size }
  return { kind: isTooLong ? 'too-long' : 'appended', received: size }
}
