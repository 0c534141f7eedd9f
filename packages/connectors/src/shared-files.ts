import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { Cksum } from '@rumpfarm/contracts'
import type { Sums } from './git/archive.ts'

/** Files for all servers of a farm that have no common disk. The first file of a name counts. */
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

/** Writes a shared file to the disk of this server, and returns its checksums; undefined if there is no such file. */
export async function fetchShared(shared: SharedFiles, name: string, file: string): Promise<Sums | undefined> {
  const pieces = await shared.read(name)
  if (!pieces) return undefined
  const [crc, sha256, md5] = [new Cksum(), createHash('sha256'), createHash('md5')]
  let bytes = 0
  const handle = await open(file, 'w')
  try {
    for await (const piece of pieces) {
      for (const sum of [crc, sha256, md5]) sum.update(piece)
      for (let done = 0; done < piece.length; )
        done += (await handle.write(piece, done, piece.length - done, bytes + done)).bytesWritten
      bytes += piece.length
    }
  } finally {
    await handle.close()
  }
  return { bytes, crc: String(crc.digest()), sha256: sha256.digest('hex'), md5: md5.digest('hex') }
}
