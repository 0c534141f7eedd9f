import { closeSync, createReadStream, read, rmSync, statSync } from 'node:fs'
import { type FileHandle, open as openFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { AppendOnlyFile } from './append-only-file.ts'
import type { FreeSpace } from './free-space.ts'
import type { Files } from './storage.ts'

export const readBytesAtOnce = 256 * 1024

/**
 * Files by path. Keeps at most `openMax` files open and closes the least recently used file. The package lru-cache is
 * no help, because a file must stay open during a write, even if it is the least recently used file.
 */
export function openFiles<Key>(
  pathOf: (key: Key) => string,
  openMax: number,
  space: FreeSpace,
  onCleared: (path: string) => void = () => {},
): Files<Key> & { close(): void } {
  const open = new Map<string, AppendOnlyFile>()
  const makeRoom = () => {
    for (const [path, file] of open) {
      if (open.size < openMax) return
      if (file.close()) open.delete(path)
    }
  }
  const sizeOf = (key: Key) => statSync(pathOf(key), { throwIfNoEntry: false })?.size ?? 0
  return {
    open(key) {
      const path = pathOf(key)
      const known = open.get(path)
      if (!known) makeRoom()
      open.delete(path)
      const file =
        known ?? new AppendOnlyFile(path, space, { sealed: () => open.delete(path), cleared: () => onCleared(path) })
      open.set(path, file) // a Map keeps the order of insertion, so its first file is the least recently used
      return file
    },
    size: async key => sizeOf(key),
    sizes: async keys => keys.map(sizeOf),
    read: (key, start, end) => createReadStream(pathOf(key), { start, end: end - 1, highWaterMark: readBytesAtOnce }),
    scan: (key, start, end) => scanFile(pathOf(key), start, end),
    async remove(key) {
      const path = pathOf(key)
      if (open.get(path)?.close() !== false) open.delete(path)
      rmSync(path, { force: true })
    },
    close() {
      for (const file of open.values()) file.close()
      open.clear()
    },
  }
}

const scanBytesAtOnce = 1024 * 1024
const readDescriptor = promisify(read)

type ReadAt = (buffer: Buffer, length: number, position: number) => Promise<{ bytesRead: number }>

/** The bytes of an open file. Each piece is valid only until the next one. */
export const fileBytes = (file: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> =>
  scan((buffer, length, position) => file.read(buffer, 0, length, position), start, end)

async function* scan(readAt: ReadAt, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (end <= start) return
  const buffer = Buffer.allocUnsafeSlow(Math.min(scanBytesAtOnce, end - start))
  for (let at = start; at < end; ) {
    const { bytesRead } = await readAt(buffer, Math.min(buffer.length, end - at), at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** The same of a descriptor, and closes it. */
export async function* scanDescriptor(descriptor: number, start: number, end: number): AsyncGenerator<Uint8Array> {
  const readAt: ReadAt = (buffer, length, position) => readDescriptor(descriptor, buffer, 0, length, position)
  try {
    yield* scan(readAt, start, end)
  } finally {
    closeSync(descriptor)
  }
}

async function* scanFile(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (end <= start) return
  const file = await openFile(path)
  try {
    yield* fileBytes(file, start, end)
  } finally {
    await file.close()
  }
}
