import type { Readable } from 'node:stream'
import type { AttemptId, Cksum } from '@rumpfarm/contracts'

/** The bytes of a farm's logs and artifacts. All servers of a farm share one storage. */
export interface Storage {
  /** One file for each attempt. */
  logs: Files<AttemptId>
  artifacts: Files<ArtifactKey>
  /** When the bytes of each log arrived. */
  logTimes: LogTimes
  /** Closes every open file. */
  close(): void
}

export interface ArtifactKey extends AttemptId {
  /** The path of the artifact in the project's directory. */
  name: string
}

/** The bytes of a log from `offset` on arrived at `at`, or later. */
export interface LogTime {
  offset: number
  /** Milliseconds since the epoch. */
  at: number
}

/** The arrival times of each log, in a small file beside the log. A log without this file has no times. */
export interface LogTimes {
  /** Adds a time. The caller adds the times of one log in the order of their offsets. */
  add(attempt: AttemptId, time: LogTime): void
  /** The times in the order of their offsets. At most `logTimesMax` times; none if the farm has none. */
  read(attempt: AttemptId): Promise<LogTime[]>
  /** Deletes the times; does nothing if there are none. */
  remove(attempt: AttemptId): Promise<void>
}

/**
 * Files that grow at their end. Every method throws the operating system's error if the disk fails; a full disk has the
 * code ENOSPC or EDQUOT.
 */
export interface Files<Key> {
  /** Opens the file of this key, and creates it if necessary. Returns the same object while the file is open. */
  open(key: Key): StoredFile
  /** The size of the stored file in bytes; 0 if the file does not exist. */
  size(key: Key): number
  /** The bytes from `start` to `end`, without the byte at `end`. The stream fails if the file does not exist. */
  read(key: Key, start: number, end: number): Readable
  /**
   * The same bytes as `read`, for a reader of many MB that keeps none of them: each piece is valid only until the reader
   * takes the next one. It needs half the time of `read`, which allocates memory for each piece.
   */
  scan(key: Key, start: number, end: number): AsyncIterable<Uint8Array>
  /** Deletes the file; does nothing if it does not exist. */
  remove(key: Key): void
}

/** Bytes in one piece, or in the pieces in which they arrived. */
export type Bytes = Uint8Array | readonly Uint8Array[]

export interface StoredFile {
  /** The size in bytes that this process last saw. */
  readonly size: number
  /** Reads the size again, because another server of the farm may have appended to the file or truncated it. */
  refreshSize(): number
  /** The CRC of the whole file; undefined if this process would have to read the file for it. */
  readonly crc: Cksum | undefined
  /**
   * Writes at an offset that is at most the size, and returns the new size. `crc` is the CRC of the bytes, if known.
   */
  write(offset: number, bytes: Bytes, crc?: Cksum): Promise<number>
  /** Drops the bytes from `size` on, which the host must then send again. */
  truncate(size: number): void
  /** Waits until the bytes are on the disk, and closes the file. No write may follow. */
  seal(): Promise<void>
}
