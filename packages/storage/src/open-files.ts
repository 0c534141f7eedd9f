import { createReadStream, rmSync, statSync } from 'node:fs'
import { AppendOnlyFile } from './append-only-file.ts'
import type { Files } from './storage.ts'

const readBytesAtOnce = 256 * 1024

/**
 * Files by path. Keeps at most `openMax` files open and closes the least recently used file. The package lru-cache is
 * no help, because a file must stay open during a write, even if it is the least recently used file.
 */
export function openFiles<Key>(pathOf: (key: Key) => string, openMax: number): Files<Key> & { close(): void } {
  const open = new Map<string, AppendOnlyFile>()
  const makeRoom = () => {
    for (const [path, file] of open) {
      if (open.size < openMax) return
      if (file.close()) open.delete(path)
    }
  }
  return {
    open(key) {
      const path = pathOf(key)
      const known = open.get(path)
      if (!known) makeRoom()
      open.delete(path)
      const file = known ?? new AppendOnlyFile(path, () => open.delete(path))
      open.set(path, file) // a Map keeps the order of insertion, so its first file is the least recently used
      return file
    },
    size: key => statSync(pathOf(key), { throwIfNoEntry: false })?.size ?? 0,
    read: (key, start, end) => createReadStream(pathOf(key), { start, end: end - 1, highWaterMark: readBytesAtOnce }),
    remove(key) {
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
