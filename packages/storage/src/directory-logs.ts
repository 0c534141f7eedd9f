import { closeSync, createReadStream, fstatSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { AttemptId } from '@rumpfarm/contracts'
import type { FreeSpace } from './free-space.ts'
import { openFiles, readBytesAtOnce, scanDescriptor } from './open-files.ts'
import { isPacked, PackedFiles, packFile, removePacked } from './packed-file.ts'
import { pathOfLog } from './paths.ts'
import type { Logs } from './storage.ts'

/**
 * Logs by path. After its end, a log is compressed, and then it has another name. While both files exist, their bytes are
 * equal, and readers use the log itself.
 */
export function openLogs(directory: string, openMax: number, space: FreeSpace): Logs & { close(): void } {
  const pathOf = (attempt: AttemptId) => join(directory, pathOfLog(attempt))
  const plain = openFiles(pathOf, openMax, space, removePacked)
  const packed = new PackedFiles()
  const sizeOf = async (attempt: AttemptId) => {
    const path = pathOf(attempt)
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    return size > 0 || !isPacked(path) ? size : ((await packed.index(path))?.bytes ?? 0)
  }
  /** The index of a log that is compressed, and only that. */
  const ofPacked = async <Found>(attempt: AttemptId, find: (path: string) => Promise<Found | undefined>) => {
    const path = pathOf(attempt)
    return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0 ? undefined : find(path)
  }
  return {
    ...plain,
    size: sizeOf,
    sizes: attempts => Promise.all(attempts.map(sizeOf)),
    read(attempt, start, end) {
      const path = pathOf(attempt)
      if (end <= start) return Readable.from([])
      const descriptor = openPlain(path)
      return descriptor === undefined
        ? Readable.from(packed.read(path, start, end), { objectMode: false })
        : createReadStream(path, { fd: descriptor, start, end: end - 1, highWaterMark: readBytesAtOnce })
    },
    async *scan(attempt, start, end) {
      const path = pathOf(attempt)
      if (end <= start) return
      const descriptor = openPlain(path)
      if (descriptor === undefined) return yield* packed.read(path, start, end)
      yield* scanDescriptor(descriptor, start, end)
    },
    async remove(attempt) {
      await plain.remove(attempt)
      removePacked(pathOf(attempt))
    },
    pack: (attempt, expected, signal) => packFile(pathOf(attempt), expected, signal),
    gzip: attempt => ofPacked(attempt, path => packed.gzip(path)),
    lineFeeds: attempt =>
      ofPacked(attempt, async path => (await packed.index(path))?.blocks.map(({ lineFeeds }) => lineFeeds)),
  }
}

/**
 * Opens the log at once, so that this reader keeps it if it is compressed meanwhile. Undefined if the log is compressed,
 * or does not exist. A late message of a host can leave an empty file beside a compressed log.
 */
function openPlain(path: string): number | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  if (fstatSync(descriptor).size > 0 || !isPacked(path)) return descriptor
  closeSync(descriptor)
  return undefined
}
