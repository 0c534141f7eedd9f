import type { Readable } from 'node:stream'
import type { AttemptId, Checksum, Cksum } from '@rumpfarm/contracts'

/** The bytes of a farm's logs and artifacts. All servers of a farm share one storage. */
export interface Storage {
  /** One file for each attempt. */
  logs: Logs
  artifacts: Files<ArtifactKey>
  /** When the bytes of each log arrived. */
  logTimes: LogTimes
  /** Source tarballs; undefined if the servers share a directory. */
  shared: SharedFiles | undefined
  /** Uploaded trees by their ids; undefined if the servers share a directory. */
  uploads: Files<string> | undefined
  /**
   * Work in the background that must be repeated every few seconds: with a bucket, packs sealed files and deletes
   * outdated objects. Throws if the bucket does not answer.
   */
  tidy(): Promise<void>
  /** Closes every open file, and waits for the work in the background. */
  close(): Promise<void>
}

/** Whole files for all servers of the farm. The first file of a name counts. */
export interface SharedFiles {
  /** The bytes of a file; undefined if there is no such file. */
  read(name: string): Promise<AsyncIterable<Uint8Array> | undefined>
  /**
   * Stores a file that the farm can make again: `makeRoom` can remove it. Its last use is now. Returns false if the name
   * has a file already, whose bytes can differ.
   */
  cache(name: string, pieces: AsyncIterable<Uint8Array>): Promise<boolean>
  /** Throws if the files cannot be stored now, so that nobody makes a large file in vain. */
  ping(): Promise<void>
  /**
   * The last use of a cached file is now. Returns a name for its bytes, which is another one after the file was removed and
   * stored again; undefined if there is no such file.
   */
  use(name: string): Promise<string | undefined>
  /**
   * Removes the least recently used cached files, until all of them together have at most `bytesMax` bytes. Files that
   * were used in the last minute stay.
   */
  makeRoom(bytesMax: number): Promise<void>
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
  add(attempt: AttemptId, time: LogTime): Promise<void>
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
  /** The file of this key, which the first write creates. Returns the same object while the file is open. */
  open(key: Key): StoredFile
  /** The size of the stored file in bytes; 0 if the file does not exist. */
  size(key: Key): Promise<number>
  /** The sizes of several files, in the same order. A list of jobs needs them at once. */
  sizes(keys: readonly Key[]): Promise<number[]>
  /** The bytes from `start` to `end`, without the byte at `end`. The stream fails if the file does not exist. */
  read(key: Key, start: number, end: number): Readable
  /**
   * The same bytes as `read`, for a reader of many MB that keeps none of them: each piece is valid only until the reader
   * takes the next one. It needs half the time of `read`, which allocates memory for each piece.
   */
  scan(key: Key, start: number, end: number): AsyncIterable<Uint8Array>
  /** Deletes the file; does nothing if it does not exist. */
  remove(key: Key): Promise<void>
}

/** Logs. The storage compresses large ones after their end, and all readers get the same bytes as before. */
export interface Logs extends Files<AttemptId> {
  /**
   * Compresses a sealed log, and compares the bytes with what the host said of them. Reads the log once. A reader gets
   * the log before, meanwhile and after, and so it does after a crash. A repeated call does no harm.
   */
  pack(attempt: AttemptId, expected: ExpectedLog, signal?: AbortSignal): Promise<PackOutcome>
  /** The whole log as the storage has it compressed; undefined if it is not compressed. */
  gzip(attempt: AttemptId): Promise<StoredGzip | undefined>
  /** The number of line feeds in each `blockBytes` of a compressed log; undefined if it is not compressed. */
  lineFeeds(attempt: AttemptId): Promise<number[] | undefined>
}

/** A whole log as the host described it. */
export interface ExpectedLog {
  bytes: number
  /** Null if the host has no tool for checksums. */
  checksum: Checksum | null
}

/**
 * packed: the log is compressed. present: it was already. unsuitable: it stays as it is, because it is too small or too
 * large. differs: it stays as it is, because its bytes are not those of the host. missing: there is no log. busy: another
 * server compresses it.
 */
export type PackOutcome = 'packed' | 'present' | 'unsuitable' | 'differs' | 'missing' | 'busy'

/** A gzip file of one member. */
export interface StoredGzip {
  bytes: number
  /** All bytes of the file. */
  read(): Readable
}

/** Bytes in one piece, or in the pieces in which they arrived. */
export type Bytes = Uint8Array | readonly Uint8Array[]

export interface StoredFile {
  /** The size in bytes that this process last saw; undefined if it did not look yet. */
  readonly size: number | undefined
  /** Reads the size again, because another server of the farm may have appended to the file or truncated it. */
  refreshSize(): Promise<number>
  /** The CRC of the whole file; undefined if this process would have to read the file for it. */
  readonly crc: Cksum | undefined
  /**
   * Writes at an offset that is at most the size, and returns the new size. `crc` is the CRC of the bytes, if known. If
   * another server has changed the file meanwhile, the size can be another one than the end of the written bytes.
   */
  write(offset: number, bytes: Bytes, crc?: Cksum): Promise<number>
  /** Drops all bytes, which the host must then send again. */
  clear(): Promise<void>
  /** Waits until the bytes are on the disk, and closes the file. No write may follow. */
  seal(): Promise<void>
}
