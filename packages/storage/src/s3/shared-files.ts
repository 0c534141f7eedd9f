import type { SharedFiles } from '../storage.ts'
import { objectName, type Place } from './bucket-file.ts'

/** Files that are complete when they come, such as source tarballs. */
export const sharedFiles = ({ bucket, index }: Place): SharedFiles => ({
  async read(name) {
    const file = await index.find(name)
    if (file?.object == null) return undefined
    return bucket.get(file.object)
  },

  async store(name, pieces) {
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
    return index.add(name, bytes, object)
  },

  remove: name => index.remove(name),
})
