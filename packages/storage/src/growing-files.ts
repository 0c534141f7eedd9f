import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writev,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { Cksum } from '@rumpfarm/contracts'

const writeAt = promisify(writev)
const flush = promisify(fsync)

/** Files that grow at their end, each found by what it belongs to: its length is how much the farm holds. */
export interface Files<Key> {
  /** The file, made if it is new; the same object while it is open. */
  open(key: Key): GrowingFile
  /** Bytes held; 0 if there is no file yet. */
  size(key: Key): number
  /** The bytes from `start` up to, and without, `end`. */
  read(key: Key, start: number, end: number): Readable
  remove(key: Key): void
  close(): void
}

/** `openMax`: a file that is written needs a descriptor; a process commonly may have 1,024, and each host's socket is one too. */
export function openFiles<Key>(pathOf: (key: Key) => string, openMax: number): Files<Key> {
  const open = new Map<string, GrowingFile>()
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
      const file = known ?? new GrowingFile(path, () => open.delete(path))
      open.set(path, file) // last: a Map keeps its order, so the first is the one longest unused
      return file
    },
    size: key => statSync(pathOf(key), { throwIfNoEntry: false })?.size ?? 0,
    read: (key, start, end) => createReadStream(pathOf(key), { start, end: end - 1, highWaterMark: 256 * 1024 }),
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

/** Bytes in one piece, or in the pieces in which they came. */
export type Bytes = Uint8Array | readonly Uint8Array[]

const piecesOf = (bytes: Bytes): readonly Uint8Array[] => (bytes instanceof Uint8Array ? [bytes] : bytes)

export const lengthOf = (bytes: Bytes): number => piecesOf(bytes).reduce((sum, piece) => sum + piece.length, 0)

/** Writes the pieces one after the other, and says where they end. */
async function writeAll(descriptor: number, pieces: readonly Uint8Array[], offset: number): Promise<number> {
  let at = offset
  let rest = pieces
  while (rest.length > 0) {
    const { bytesWritten } = await writeAt(descriptor, rest, at)
    at += bytesWritten
    rest = without(rest, bytesWritten)
  }
  return at
}

/** What is left of the pieces without their first bytes. */
function without(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes
  return pieces.flatMap(piece => {
    const skipped = Math.min(skip, piece.length)
    skip -= skipped
    return skipped === piece.length ? [] : [piece.subarray(skipped)]
  })
}

/** Bytes of a file from an offset on, as a host sends them. */
export interface Piece {
  offset: number
  bytes: Bytes
  /** `crc:…`, `md5:…`, `sha256:…` of the bytes, or `none`. */
  sum: string
}

export type PieceOutcome = { kind: 'ok' | 'wrong-offset'; size: number } | { kind: 'wrong-sum' }

/** Adds what a host sent to the end of its file, until the file is longer than `bytesMax`. The same piece twice is there once. */
export async function takePiece(file: GrowingFile, piece: Piece, bytesMax: number): Promise<PieceOutcome> {
  const { offset } = piece
  const pieces = piecesOf(piece.bytes)
  if (lengthOf(pieces) === 0) return { kind: 'ok', size: file.size }
  if (offset !== file.size && offset !== file.look()) return { kind: 'wrong-offset', size: file.size }
  const sum = piece.sum.startsWith('crc:') ? cksumOf(pieces) : undefined
  if (!sumMatches(piece.sum, pieces, sum)) return { kind: 'wrong-sum' }
  return { kind: 'ok', size: file.size > bytesMax ? file.size : await file.write(offset, pieces, sum) }
}

const cksumOf = (pieces: readonly Uint8Array[]) => pieces.reduce((sum, piece) => sum.update(piece), new Cksum())

function sumMatches(sum: string, pieces: readonly Uint8Array[], crc: Cksum | undefined): boolean {
  const [kind, value] = sum.split(':', 2)
  if (crc) return Number(value) === crc.digest()
  if (kind === 'md5' || kind === 'sha256') {
    const hash = createHash(kind)
    for (const piece of pieces) hash.update(piece)
    return hash.digest('hex') === value
  }
  return sum === 'none'
}

export type SumKind = 'crc' | 'md5' | 'sha256'

/** The checksums of these kinds, as text, of everything that a stream brings; each byte is read once. */
export async function sumsOf<Kind extends SumKind>(
  bytes: Readable,
  kinds: readonly Kind[],
): Promise<Record<Kind, string>> {
  const sums = kinds.map(kind => [kind, kind === 'crc' ? new Cksum() : createHash(kind)] as const)
  for await (const chunk of bytes) for (const [, sum] of sums) sum.update(chunk)
  const told = sums.map(([kind, sum]) => [kind, sum instanceof Cksum ? String(sum.digest()) : sum.digest('hex')])
  return Object.fromEntries(told)
}

export class GrowingFile {
  readonly #descriptor: number
  readonly #forget: () => void
  #size: number
  #busy = 0
  /** Of all bytes, if this process wrote them all, one piece after the other, and was told each piece's sum. */
  #sum: Cksum | undefined

  constructor(path: string, forget: () => void) {
    mkdirSync(dirname(path), { recursive: true })
    // r+ and positions rather than append: a chunk that arrives twice at once lands on the same bytes.
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
    this.#size = fstatSync(this.#descriptor).size
    this.#sum = this.#size === 0 ? new Cksum() : undefined
    this.#forget = forget
  }

  get size(): number {
    return this.#size
  }

  /** Looks at the file again: another server of this farm may have written to it, or cut it. */
  look(): number {
    this.#size = fstatSync(this.#descriptor).size
    return this.#size
  }

  /** The cksum of the whole file, when it is known without reading it: a log of 200 MB took a second to read again. */
  get sum(): Cksum | undefined {
    return this.#sum?.bytes === this.#size ? this.#sum : undefined
  }

  /** Writes at an offset not beyond the end, and says how many bytes the file has then. `sum` is that of the bytes, if known. */
  async write(offset: number, bytes: Bytes, sum?: Cksum): Promise<number> {
    this.#sum = sum && this.#sum?.bytes === offset ? this.#sum.append(sum) : undefined
    this.#busy++
    try {
      const end = await writeAll(this.#descriptor, piecesOf(bytes), offset)
      this.#size = Math.max(this.#size, end)
      return this.#size
    } finally {
      this.#busy--
    }
  }

  /** Forgets the bytes from `size` on: the host will be asked for them again. */
  truncate(size: number): void {
    ftruncateSync(this.#descriptor, size)
    this.#size = size
    this.#sum = size === 0 ? new Cksum() : undefined
  }

  /** Nothing will be written any more: on disk for good, and closed. */
  async seal(): Promise<void> {
    this.#busy++
    try {
      if (this.#size > 0) await flush(this.#descriptor)
    } finally {
      this.#busy--
    }
    if (this.close()) this.#forget()
  }

  /** False while a write is under way. */
  close(): boolean {
    if (this.#busy > 0) return false
    closeSync(this.#descriptor)
    return true
  }
}
