import { closeSync, constants, fstatSync, fsync, ftruncateSync, mkdirSync, openSync, readSync, writev } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { Cksum } from '@rumpfarm/contracts'
import { piecesOf } from './bytes.ts'
import type { FreeSpace } from './free-space.ts'
import { packedBytesMin } from './packed/format.ts'
import type { Bytes, StoredFile } from './storage.ts'

const writeAt = promisify(writev)
const flush = promisify(fsync)

interface FileEvents {
  sealed: () => void
  cleared: () => void
}

/** A file on disk that grows at its end. */
export class AppendOnlyFile implements StoredFile {
  readonly #descriptor: number
  readonly #space: FreeSpace
  readonly #events: FileEvents
  #size: number
  /** Writes and flushes that have not ended yet. */
  #busy = 0
  /** The CRC of all bytes. It is known if this process wrote all bytes in order and received the CRC of each chunk. */
  #crc: Cksum | undefined

  constructor(path: string, space: FreeSpace, events: FileEvents) {
    this.#space = space
    mkdirSync(dirname(path), { recursive: true })
    // Each write names its offset, and does not append. So if a chunk arrives twice at the same time, both writes go to
    // the same place.
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
    this.#size = fstatSync(this.#descriptor).size
    this.#crc = this.#size === 0 ? new Cksum() : undefined
    this.#events = events
  }

  get size(): number {
    return this.#size
  }

  async refreshSize(): Promise<number> {
    this.#size = fstatSync(this.#descriptor).size
    return this.#size
  }

  /**
   * Without the value in memory, a log of 200 MB must be read again for its CRC, which takes a second. The bytes of a small
   * file cost less than a further query, so its CRC is that of the bytes on the disk.
   */
  get crc(): Cksum | undefined {
    if (this.#size < packedBytesMin) return this.#crcOnDisk()
    return this.#crc?.bytes === this.#size ? this.#crc : undefined
  }

  #crcOnDisk(): Cksum {
    const bytes = Buffer.allocUnsafe(this.#size)
    return new Cksum().update(bytes.subarray(0, readSync(this.#descriptor, bytes, 0, this.#size, 0)))
  }

  async write(offset: number, bytes: Bytes, crc?: Cksum): Promise<number> {
    this.#busy++
    try {
      await this.#space.check()
      this.#crc = crc && this.#crc?.bytes === offset ? this.#crc.append(crc) : undefined
      const end = await writeAll(this.#descriptor, piecesOf(bytes), offset)
      this.#size = Math.max(this.#size, end)
      return this.#size
    } finally {
      this.#busy--
    }
  }

  async clear(): Promise<void> {
    ftruncateSync(this.#descriptor, 0)
    this.#size = 0
    this.#crc = new Cksum()
    this.#events.cleared()
  }

  async seal(): Promise<void> {
    this.#busy++
    try {
      if (this.#size > 0) await flush(this.#descriptor)
    } finally {
      this.#busy--
    }
    if (this.close()) this.#events.sealed()
  }

  /** Closes the file. During a write, does nothing and returns false. */
  close(): boolean {
    if (this.#busy > 0) return false
    closeSync(this.#descriptor)
    return true
  }
}

/** Writes the pieces one after the other, and returns the offset after the last byte. */
async function writeAll(descriptor: number, pieces: readonly Uint8Array[], offset: number): Promise<number> {
  let at = offset
  let rest = pieces
  while (rest.length > 0) {
    const { bytesWritten } = await writeAt(descriptor, rest, at)
    at += bytesWritten
    rest = dropBytes(rest, bytesWritten)
  }
  return at
}

/** The pieces without their first bytes. */
function dropBytes(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes
  return pieces.flatMap(piece => {
    const skipped = Math.min(skip, piece.length)
    skip -= skipped
    return skipped === piece.length ? [] : [piece.subarray(skipped)]
  })
}
