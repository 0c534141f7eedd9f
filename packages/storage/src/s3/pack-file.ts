import { ExpectedSum } from '../packed/expected-sum.ts'
import { blockBytes, packedBytesMax, packedBytesMin } from '../packed/format.ts'
import { packLog } from '../packed/pack.ts'
import type { ExpectedLog, PackOutcome } from '../storage.ts'
import { blocksOf } from './blocks-of.ts'
import { objectName, type Place } from './bucket-file.ts'
import { bytesOf } from './bucket-files.ts'
import { packedSuffix } from './packed-objects.ts'

/** Makes one object of a sealed file, with its bytes as they are. */
export async function packFile(place: Place, path: string): Promise<void> {
  const { bucket, index } = place
  const file = await index.find(path)
  if (!file?.sealed || file.object !== null) return
  const object = objectName(path)
  await index.announce(object)
  await bucket.upload(object, bytesOf(place, path, 0, file.bytes))
  await index.pack(path, file.id, object)
}

/** Makes one compressed object of a sealed log, unless its bytes are other ones than the host said. */
export async function packLogFile(
  place: Place,
  path: string,
  expected: ExpectedLog,
  signal?: AbortSignal,
): Promise<PackOutcome> {
  const { bucket, index } = place
  if (expected.bytes < packedBytesMin || expected.bytes > packedBytesMax) return 'unsuitable'
  const file = await index.find(path)
  if (!file) return 'missing'
  if (file.object !== null) return 'present'
  if (file.bytes !== expected.bytes) return 'differs'
  const object = objectName(path, packedSuffix)
  const sum = new ExpectedSum(expected.checksum)
  const bytes = sum.add(abortable(bytesOf(place, path, 0, file.bytes), signal))
  await index.announce(object)
  await bucket.upload(object, packLog(blocksOf(bytes, blockBytes)))
  if (!sum.matches()) return 'differs' // no file names the object, so it is deleted later
  return (await index.pack(path, file.id, object)) ? 'packed' : 'busy'
}

async function* abortable(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    signal?.throwIfAborted()
    yield piece
  }
}
