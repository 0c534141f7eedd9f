import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isPacked, packedLogOf, packedPath, packedSize } from '../packed-file.ts'
import { blocksOf } from './blocks-of.ts'
import { BucketFile, objectName, type Place } from './bucket-file.ts'
import type { IndexedFile } from './file-index.ts'
import { isPackedObject, packedSuffix } from './packed-objects.ts'

/** A file of a directory storage. */
export interface FileToCopy {
  /** The directory of the storage. */
  directory: string
  path: string
  /** The file's bytes when the caller looked. It may grow meanwhile. */
  bytes: number
  /** Whether the attempt has ended, so that the file does not change any more. */
  ended: boolean
}

const partBytes = 512 * 1024

/**
 * Copies a file of a directory storage to the bucket, unless the copy is there. Reads the copy again to compare it. A
 * compressed log stays compressed.
 */
export async function copyFile(place: Place, file: FileToCopy): Promise<'copied' | 'present'> {
  const log = packedLogOf(file.path)
  if (log !== undefined) return copyPacked(place, file.directory, log)
  try {
    return await copyPlain(place, file)
  } catch (error) {
    // A server has compressed the log meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !isPacked(join(file.directory, file.path))) throw error
    return copyPacked(place, file.directory, file.path)
  }
}

async function copyPacked(place: Place, directory: string, log: string): Promise<'copied' | 'present'> {
  const bytes = await packedSize(join(directory, log))
  if (bytes === undefined) return 'present' // somebody has deleted it meanwhile
  const known = await place.index.find(log)
  const isThere = known !== undefined && (await hasObjects(place, log, known))
  if (isThere && known.bytes === bytes && known.sealed) return 'present'
  if (isThere && known.sealed) throw new CopyError(`the bucket has ${known.bytes} of its ${bytes} bytes`)
  if (known) await place.index.remove(log)
  const { size } = await stat(join(directory, packedPath(log)))
  const object = objectName(log, packedSuffix)
  await upload(place, { path: join(directory, packedPath(log)), bytes: size }, object)
  if (!(await place.index.add(log, bytes, object))) throw new CopyError('another program copies it')
  return 'copied'
}

async function copyPlain(place: Place, file: FileToCopy): Promise<'copied' | 'present'> {
  const { index } = place
  const known = await index.find(file.path)
  const isThere = known !== undefined && (await hasObjects(place, file.path, known))
  if (isThere && known.bytes === file.bytes && known.sealed === file.ended) return 'present'
  if (isThere && known.sealed && file.ended)
    throw new CopyError(`the bucket has ${known.bytes} of its ${file.bytes} bytes`)
  // The host of a running job can have sent another log since the first copy.
  if (known) await index.remove(file.path)
  await (file.ended ? copyWhole(place, file) : copyBegun(place, file))
  return 'copied'
}

/**
 * Whether the bucket has all objects of a known file. It has not if an earlier copy went to another bucket, or if somebody
 * deleted objects.
 */
async function hasObjects({ bucket, index }: Place, path: string, known: IndexedFile): Promise<boolean> {
  if (known.object !== null) {
    const size = await bucket.size(known.object)
    return isPackedObject(known.object) ? size !== undefined : size === known.bytes
  }
  for (let at = 0; at < known.segmentBytes; ) {
    const segment = (await index.locate(path, at))?.segment
    if (segment === undefined || (await bucket.size(segment.object)) === undefined) return false
    at = segment.end
  }
  return true
}

/** Thrown if a copy is not equal to its file. */
export class CopyError extends Error {}

async function copyWhole(place: Place, { directory, path, bytes }: FileToCopy): Promise<void> {
  if (bytes === 0) return // without bytes, a file needs no copy
  const object = objectName(path)
  await upload(place, { path: join(directory, path), bytes }, object)
  if (!(await place.index.add(path, bytes, object))) throw new CopyError('another program copies it')
}

/** Uploads a file, and compares the object with it. */
async function upload({ bucket, index }: Place, file: { path: string; bytes: number }, object: string): Promise<void> {
  const sent = createHash('sha256')
  const read = async function* () {
    for await (const piece of createReadStream(file.path, { end: file.bytes - 1 })) {
      sent.update(piece)
      yield piece as Buffer
    }
  }
  await index.announce(object)
  await bucket.upload(object, read())
  const stored = createHash('sha256')
  for await (const piece of await bucket.get(object)) stored.update(piece)
  if (sent.digest('hex') !== stored.digest('hex')) throw new CopyError('the bucket has other bytes')
}

/** The host continues the file, so its newest bytes must be in PostgreSQL. */
async function copyBegun(place: Place, { directory, path, bytes }: FileToCopy): Promise<void> {
  if (bytes === 0) return
  const copy = new BucketFile(path, place, async () => {})
  let at = 0
  for await (const part of blocksOf(createReadStream(join(directory, path), { end: bytes - 1 }), partBytes)) {
    const size = await copy.write(at, part)
    at += part.length
    if (size !== at) throw new CopyError('another program writes to the copy')
  }
}
