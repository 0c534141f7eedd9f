import type { Readable } from 'node:stream'
import type { AttemptId, Cksum } from '@rumpfarm/contracts'

/** The bytes of a farm's logs and artifacts. All servers of a farm share one storage. */
export interface Storage {
  /** One file for each attempt. */
  logs: Files<AttemptId>
  artifacts: Files<ArtifactKey>
  /** Closes every open file. */
  close(): void
}

export interface ArtifactKey extends AttemptId {
  /** The artifact's path in the project's directory. */
  name: string
}

/**
 * Files that grow at their end. Every method throws the operating system's error if the disk fails; a full disk has the code
 * ENOSPC or EDQUOT.
 */
export interface Files<Key> {
  /** The file of this key; creates it if it does not exist. Returns the same object while the file is open. */
  open(key: Key): StoredFile
  /** How many bytes the farm holds; 0 if the file does not exist. */
  size(key: Key): number
  /** The bytes from `start` up to, and without, `end`. The stream fails if the file does not exist. */
  read(key: Key, start: number, end: number): Readable
  /** Deletes the file; does nothing if it does not exist. */
  remove(key: Key): void
}

/** Bytes in one piece, or in the pieces in which they arrived. */
export type Bytes = Uint8Array | readonly Uint8Array[]

export interface StoredFile {
  /** As this process last saw it. */
  readonly size: number
  /** Reads the size again: another server of the farm may have appended to the file or truncated it. */
  refreshSize(): number
  /** The CRC of the whole file, if this process knows it without reading the file. */
  readonly crc: Cksum | undefined
  /** Writes at an offset that is at most the size, and returns the new size. `crc` is that of the bytes, if it is known. */
  write(offset: number, bytes: Bytes, crc?: Cksum): Promise<number>
  /** Drops the bytes from `size` on. The host sends them again. */
  truncate(size: number): void
  /** Makes sure that the bytes are on the disk, and closes the file. Nothing is written to it afterwards. */
  seal(): Promise<void>
}
