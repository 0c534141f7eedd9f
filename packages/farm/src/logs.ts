import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  writev,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { type AttemptId, attemptName, Cksum } from '@rumpfarm/contracts'

const writeAt = promisify(writev)
const flush = promisify(fsync)

/** The bytes of the logs, one file an attempt: its length is how much the farm holds. */
export interface Logs {
  /** An attempt's log, made if it is new; the same object while it is open. */
  open(attempt: AttemptId): Log
  /** Bytes held; 0 if there is no log yet. */
  size(attempt: AttemptId): number
  /** The bytes from `start` up to, and without, `end`. */
  read(attempt: AttemptId, start: number, end: number): Readable
  close(): void
}

// A log that is written needs a descriptor; a process commonly may have 1,024, and each host's socket is one too.
const openLogsMax = 256

/** Logs as files below a directory, 1,000 jobs in each of its folders. */
export function openLogs(directory: string): Logs {
  const open = new Map<string, Log>()
  const pathOf = (attempt: AttemptId) =>
    join(directory, String(Math.floor(attempt.jobId / 1000)), `${attemptName(attempt)}.log`)

  const makeRoom = () => {
    for (const [name, log] of open) {
      if (open.size < openLogsMax) return
      if (log.close()) open.delete(name)
    }
  }
  return {
    open(attempt) {
      const name = attemptName(attempt)
      const known = open.get(name)
      if (!known) makeRoom()
      open.delete(name)
      const log = known ?? new Log(pathOf(attempt), () => open.delete(name))
      open.set(name, log) // last: a Map keeps its order, so the first is the one longest unused
      return log
    },
    size: attempt => statSync(pathOf(attempt), { throwIfNoEntry: false })?.size ?? 0,
    read: (attempt, start, end) =>
      createReadStream(pathOf(attempt), { start, end: end - 1, highWaterMark: 256 * 1024 }),
    close: () => {
      for (const log of open.values()) log.close()
      open.clear()
    },
  }
}

/** Bytes in one piece, or in the pieces in which they came. */
export type Bytes = Uint8Array | readonly Uint8Array[]

export const piecesOf = (bytes: Bytes): readonly Uint8Array[] => (bytes instanceof Uint8Array ? [bytes] : bytes)

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

export class Log {
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

  /** The cksum of the whole log, when it is known without reading it: a log of 200 MB took a second to read again. */
  get sum(): Cksum | undefined {
    return this.#sum?.bytes === this.#size ? this.#sum : undefined
  }

  /** Writes at an offset not beyond the end, and says how many bytes the log has then. `sum` is that of the bytes, if known. */
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
