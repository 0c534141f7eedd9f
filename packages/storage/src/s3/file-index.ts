// With a bucket, PostgreSQL says which files there are and where their bytes are. packages/farm implements this.

/** A file and its bytes. */
export interface IndexedFile {
  /** A file that was dropped and begun again has another id. */
  id: string
  bytes: number
  /** The bytes up to here are in segments, and the others are pieces in the index. */
  segmentBytes: number
  sealed: boolean
  /** The object with all bytes; null until the file is packed. */
  object: string | null
}

/** A part of a file that is an object. */
export interface Segment {
  start: number
  end: number
  object: string
}

export interface Piece {
  start: number
  bytes: Uint8Array
}

/** A part of a file to add, in place of its pieces. */
export interface NewSegment extends Segment {
  path: string
  id: string
  /** The size of the file before: the last bytes of the segment are new. */
  size: number
}

/**
 * The places of the bytes. Each method is one statement, so that a crash leaves the old state or the new one. The index
 * first gets the name of an object as outdated. Then the object is uploaded. Then a file names it, and the same statement
 * ends its state as outdated. So `outdated` finds each object that no file names.
 */
export interface FileIndex {
  /** The sizes of these files, in the same order; 0 for a file that does not exist. */
  sizes(paths: readonly string[]): Promise<number[]>
  find(path: string): Promise<IndexedFile | undefined>
  /** The file, and the segment with the byte at `offset`, if it is in a segment. */
  locate(path: string, offset: number): Promise<{ file: IndexedFile; segment: Segment | undefined } | undefined>
  /** Adds the file without bytes, if it does not exist. */
  begin(path: string): Promise<void>
  /** Adds bytes if the file has exactly `offset` bytes and is not sealed. Returns whether it did. */
  append(path: string, offset: number, bytes: Uint8Array): Promise<boolean>
  /** The pieces from the one with the byte at `offset` on. */
  pieces(path: string, offset: number): Promise<Piece[]>
  /** Puts a segment in place of the pieces. Returns false if the file has changed meanwhile. */
  addSegment(segment: NewSegment): Promise<boolean>
  /**
   * The files take no more bytes, and wait until they are packed. Returns those that this call has sealed. A file that does
   * not exist is no error.
   */
  seal(paths: readonly string[]): Promise<{ path: string; bytes: number }[]>
  /**
   * Sealed files that are not packed, for at least `seconds`; for logs of at least `logs.bytes`, which the farm packs
   * itself, for at least `logs.seconds`.
   */
  unpacked(seconds: number, limit: number, logs: { bytes: number; seconds: number }): Promise<string[]>
  /** Puts one object in place of segments and pieces. Returns false if the file has changed meanwhile. */
  pack(path: string, id: string, object: string): Promise<boolean>
  /** Adds a sealed file whose bytes are an object. Returns false if there is a file of this name. */
  add(path: string, bytes: number, object: string): Promise<boolean>
  /** As `add`, for a file that the farm can make again. Its last use is now. */
  addCached(path: string, bytes: number, object: string): Promise<boolean>
  /** The last use of this cached file is now. Returns its object; undefined if there is no such file. */
  useCached(path: string): Promise<string | undefined>
  /**
   * Drops the least recently used cached files, at most `limit`, until all of them together have at most `bytesMax` bytes.
   * Files that were used in the last minute stay. Returns how many files it dropped.
   */
  dropCached(bytesMax: number, limit: number): Promise<number>
  /** Drops the file. Its objects become outdated. */
  remove(path: string): Promise<void>
  /** Adds an object that the caller is about to upload, as outdated from some hours on. */
  announce(object: string): Promise<void>
  /** Objects that no file names and no reader reads any more. */
  outdated(limit: number): Promise<string[]>
  /** Forgets objects that are no longer in the bucket. */
  forget(objects: readonly string[]): Promise<void>
}
