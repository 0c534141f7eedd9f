import { Readable } from 'node:stream'
import { LRUCache } from 'lru-cache'
import type { Files } from '../storage.ts'
import { ObjectGoneError } from './bucket-error.ts'
import { BucketFile, type Place, type Sealed } from './bucket-file.ts'
import { isPackedObject } from './packed-objects.ts'

/** How many files a process remembers, with their sizes and CRCs. */
const filesMax = 4096
/** How often a reader looks for bytes that were moved while it read them. */
const looksMax = 5

/** The files of one kind. `pathOf` gives their names in the index and in the bucket. */
export function bucketFiles<Key>(place: Place, pathOf: (key: Key) => string, seal: Sealed): Files<Key> {
  const open = new LRUCache<string, BucketFile>({ max: filesMax })
  return {
    open(key) {
      const path = pathOf(key)
      const file =
        open.get(path) ??
        new BucketFile(path, place, async () => {
          open.delete(path)
          await seal(path)
        })
      open.set(path, file)
      return file
    },
    size: async key => (await place.index.sizes([pathOf(key)]))[0] ?? 0,
    sizes: keys => place.index.sizes(keys.map(pathOf)),
    read: (key, start, end) => Readable.from(bytesOf(place, pathOf(key), start, end), { objectMode: false }),
    scan: (key, start, end) => bytesOf(place, pathOf(key), start, end),
    async remove(key) {
      open.delete(pathOf(key))
      await place.index.remove(pathOf(key))
    },
  }
}

/** The bytes of a part of a file. The file may grow or be packed meanwhile. */
export async function* bytesOf(place: Place, path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  let looks = 0
  for (let at = start; at < end; ) {
    const before = at
    for await (const bytes of nextBytes(place, path, at, end)) {
      at += bytes.length
      yield bytes
    }
    looks = at > before ? 0 : looks + 1
    if (looks === looksMax) throw new ObjectGoneError(`${path} does not have the byte ${at}`)
  }
}

/** The bytes from `at` on, as far as one place has them; none if they were moved while this function looked. */
async function* nextBytes({ bucket, index, packed }: Place, path: string, at: number, end: number) {
  const found = await index.locate(path, at)
  if (!found) return
  const { file, segment } = found
  if (file.object !== null) {
    const [object, until] = [file.object, Math.min(end, file.bytes)]
    if (isPackedObject(object)) yield* unlessReplaced(packed.read(object, at, until))
    else yield* unlessReplaced(objectBytes(bucket, object, at, until))
  } else if (segment) {
    const until = Math.min(end, segment.end)
    yield* unlessReplaced(objectBytes(bucket, segment.object, at - segment.start, until - segment.start))
  } else {
    for (const piece of await index.pieces(path, at))
      yield piece.bytes.subarray(Math.max(0, at - piece.start), end - piece.start)
  }
}

async function* objectBytes(bucket: Place['bucket'], object: string, start: number, end: number) {
  if (end > start) yield* await bucket.get(object, { start, end })
}

/** Without the object, ends without bytes: the file was packed, and the object deleted. */
async function* unlessReplaced(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
