import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { Checksums, type Sums } from '../git/archive.ts'
import { type TarEntry, TarReader } from './tar-reader.ts'

/** The unpacked files of an upload may be this many times as large as the upload itself. */
export const unpackedTimesMax = 100
const entriesMax = 1_000_000

/** The checksums of an uploaded tar.gz, or why a host could not unpack it. */
export async function checkUpload(file: string, bytes: number): Promise<Sums | { problem: string }> {
  const sums = new Checksums()
  try {
    await pipeline(
      createReadStream(file),
      sums,
      createGunzip(),
      limitTo(bytes * unpackedTimesMax),
      new TarReader(checker()),
    )
    return sums.result()
  } catch (error) {
    return { problem: (error as Error).message }
  }
}

/** Refuses entries that leave the directory in which a host unpacks them, and kinds that git does not have. */
function checker(): (entry: TarEntry) => boolean {
  let entries = 0
  return ({ name, type }) => {
    entries++
    if (entries > entriesMax) throw new Error(`the upload has more than ${entriesMax} files`)
    const parts = name.replace(/\/$/, '').split('/')
    if (parts.some(part => part === '' || part === '.' || part === '..'))
      throw new Error(`the upload has the name ${JSON.stringify(name)}, which leads out of its directory`)
    if (!['0', '2', '5'].includes(type))
      throw new Error(`${JSON.stringify(name)} of the upload is no file, directory or symbolic link`)
    return false
  }
}

function limitTo(bytesMax: number): Transform {
  let bytes = 0
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length
      if (bytes <= bytesMax) done(null, piece)
      else done(new Error(`the upload is more than ${unpackedTimesMax} times as large when it is unpacked`))
    },
  })
}
