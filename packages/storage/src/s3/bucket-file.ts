import { randomUUID } from 'node:crypto'
import { Cksum } from '@rumpfarm/contracts'
import { lengthOf, piecesOf } from '../bytes.ts'
import type { Bytes, StoredFile } from '../storage.ts'
import type { Bucket } from './bucket.ts'
import type { FileIndex, IndexedFile } from './file-index.ts'
import { PackedObjects } from './packed-objects.ts'

/** A file keeps fewer bytes than this in PostgreSQL. With more bytes, it gets a segment of at least this size. */
export const segmentBytesMin = 1024 * 1024

export interface Place {
  bucket: Bucket
  index: FileIndex
  packed: PackedObjects
}

export const placeOf = (bucket: Bucket, index: FileIndex): Place => ({
  bucket,
  index,
  packed: new PackedObjects(bucket),
})

/** Seals the file of this path, and what belongs to it. */
export type Sealed = (path: string) => Promise<void>

type Known = Pick<IndexedFile, 'bytes' | 'segmentBytes'>

/** A file whose newest bytes are in PostgreSQL, and whose other bytes are in the bucket. */
export class BucketFile implements StoredFile {
  readonly #path: string
  readonly #place: Place
  readonly #onSealed: Sealed
  /** What this process last saw. Each write is conditional, so an old value does no harm. */
  #known: Known | undefined
  /** The CRC of all bytes, if this process wrote all of them and received the CRC of each chunk. */
  #crc: Cksum | undefined

  constructor(path: string, place: Place, onSealed: Sealed) {
    this.#path = path
    this.#place = place
    this.#onSealed = onSealed
  }

  get size(): number | undefined {
    return this.#known?.bytes
  }

  get crc(): Cksum | undefined {
    return this.#crc?.bytes === this.#known?.bytes ? this.#crc : undefined
  }

  async refreshSize(): Promise<number> {
    return this.#note(await this.#place.index.find(this.#path)).bytes
  }

  async write(offset: number, bytes: Bytes, crc?: Cksum): Promise<number> {
    const known = this.#known?.bytes === offset ? this.#known : this.#note(await this.#place.index.find(this.#path))
    if (known.bytes !== offset) return known.bytes
    const end = offset + lengthOf(bytes)
    const isLarge = end - known.segmentBytes >= segmentBytesMin
    const written = isLarge
      ? await this.#writeSegment(offset, bytes)
      : await this.#place.index.append(this.#path, offset, Buffer.concat(piecesOf(bytes)))
    if (!written) return this.refreshSize() // another server was faster, or the file is sealed
    const before = offset === 0 ? new Cksum() : this.#crc
    this.#crc = crc && before?.bytes === offset ? before.append(crc) : undefined
    this.#known = { bytes: end, segmentBytes: isLarge ? end : known.segmentBytes }
    return end
  }

  /** Uploads the pieces of the file and the new bytes as one object. */
  async #writeSegment(offset: number, bytes: Bytes): Promise<boolean> {
    const { bucket, index } = this.#place
    if (offset === 0) await index.begin(this.#path)
    const file = await index.find(this.#path)
    if (file?.bytes !== offset || file.sealed) return false
    const start = file.segmentBytes
    const pieces = await index.pieces(this.#path, start)
    const whole = Buffer.concat([...pieces.map(piece => piece.bytes), ...piecesOf(bytes)])
    const end = offset + lengthOf(bytes)
    if (whole.length !== end - start) return false // another server has just made a segment of the pieces
    const object = objectName(this.#path)
    await index.announce(object)
    await bucket.put(object, whole)
    return index.addSegment({ path: this.#path, id: file.id, start, end, size: offset, object })
  }

  async clear(): Promise<void> {
    await this.#place.index.remove(this.#path)
    this.#known = undefined
    this.#crc = undefined
  }

  async seal(): Promise<void> {
    await this.#onSealed(this.#path)
  }

  #note(file: IndexedFile | undefined): Known {
    this.#known = file ? { bytes: file.bytes, segmentBytes: file.segmentBytes } : { bytes: 0, segmentBytes: 0 }
    return this.#known
  }
}

/** No two objects have the same name, so an object never changes, and a reader of an old one reads old bytes. */
export const objectName = (path: string, suffix = ''): string => `${path}~${randomUUID()}${suffix}`
