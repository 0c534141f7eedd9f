import type { SharedFiles } from '../storage.ts'
import { isObjectGone } from './bucket-error.ts'
import { objectName, type Place } from './bucket-file.ts'

const droppedAtOnce = 500

/** Files that are complete when they come, such as source tarballs. */
export function sharedFiles({ bucket, index }: Place): SharedFiles {
  async function cache(name: string, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
    if (await index.find(name)) return false
    const object = objectName(name)
    let bytes = 0
    const counted = async function* () {
      for await (const piece of pieces) {
        bytes += piece.length
        yield piece
      }
    }
    await index.announce(object)
    await bucket.upload(object, counted())
    return index.addCached(name, bytes, object)
  }

  return {
    async read(name) {
      const file = await index.find(name)
      if (file?.object == null) return undefined
      try {
        return await bucket.get(file.object)
      } catch (error) {
        if (!isObjectGone(error)) throw error
        await index.remove(name) // so that `cache` can store it again
        return undefined
      }
    },
    cache,
    ping: () => bucket.ping(),
    use: name => index.useCached(name),
    async makeRoom(bytesMax) {
      while ((await index.dropCached(bytesMax, droppedAtOnce)) === droppedAtOnce);
    },
  }
}
