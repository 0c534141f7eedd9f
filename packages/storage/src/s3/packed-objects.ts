import { Readable } from 'node:stream'
import { DamagedLogError, type PackedIndex, readIndex, tailBytes } from '../packed/format.ts'
import { indexCache } from '../packed/index-cache.ts'
import { unpackLog } from '../packed/unpack.ts'
import type { StoredGzip } from '../storage.ts'
import type { Bucket } from './bucket.ts'

/** The end of the name of an object with a compressed log. */
export const packedSuffix = '.gz'

export const isPackedObject = (object: string): boolean => object.endsWith(packedSuffix)

/** Compressed logs of a bucket. An object never changes, so a known index stays right. */
export class PackedObjects {
  readonly #bucket: Bucket
  readonly #indexes = indexCache()

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  /** The bytes of the log from `start` to `end`. The error has the code ENOENT if the object does not exist. */
  async *read(object: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    const index = await this.index(object)
    try {
      yield* unpackLog(index, (from, until) => this.#bytes(object, from, until), start, end)
    } catch (error) {
      throw withName(error, object)
    }
  }

  async index(object: string): Promise<PackedIndex> {
    const known = this.#indexes.get(object)
    if (known) return known
    try {
      const { bytes, size } = await this.#bucket.end(object, tailBytes)
      const index = readIndex(bytes, size)
      this.#indexes.set(object, index)
      return index
    } catch (error) {
      throw withName(error, object)
    }
  }

  async gzip(object: string): Promise<StoredGzip> {
    const { gzipBytes } = await this.index(object)
    return { bytes: gzipBytes, read: () => Readable.from(this.#bytes(object, 0, gzipBytes), { objectMode: false }) }
  }

  async *#bytes(object: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    yield* await this.#bucket.get(object, { start, end })
  }
}

function withName(error: unknown, object: string): unknown {
  if (error instanceof DamagedLogError) error.message = `the stored log ${object} cannot be read: ${error.message}`
  return error
}
