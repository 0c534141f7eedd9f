import { createReadStream, rmSync, statSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { AppendOnlyFile } from './append-only-file.ts'
import type { FreeSpace } from './free-space.ts'
import type { Files } from './storage.ts'

const readBytesAtOnce = 256 * 1024

/**
 * Files by path. Keeps at most `openMax` files open and closes the least recently used file. The package lru-cache is
 * no help, because a file must stay open during a write, even if it is the least recently used file.
 */
export function openFiles<Key>(
  pathOf: (key: Key) => string,
  openMax: number,
  space: FreeSpace,
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
      const file = known ?? new AppendOnlyFile(path, space, () => open.delete(path))
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

async function* scanFile(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (end <= start) return
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(scanBytesAtOnce, end - start)))
  const file = await openFile(path)
  try {
    for (let at = start; at < end; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}
