import type { AttemptId } from '@rumpfarm/contracts'
import { pathOfLog } from '../paths.ts'
import type { Logs } from '../storage.ts'
import type { Place, Sealed } from './bucket-file.ts'
import { bucketFiles } from './bucket-files.ts'
import { packLogFile } from './pack-file.ts'
import { isPackedObject } from './packed-objects.ts'

/** Logs, of which large ones are compressed after their end. */
export function bucketLogs(place: Place, seal: Sealed): Logs {
  const ofPacked = async <Found>(attempt: AttemptId, find: (object: string) => Promise<Found>) => {
    const object = (await place.index.find(pathOfLog(attempt)))?.object
    return object != null && isPackedObject(object) ? find(object) : undefined
  }
  return {
    ...bucketFiles(place, pathOfLog, seal),
    pack: (attempt, expected, signal) => packLogFile(place, pathOfLog(attempt), expected, signal),
    gzip: attempt => ofPacked(attempt, object => place.packed.gzip(object)),
    lineFeeds: attempt =>
      ofPacked(attempt, async object => (await place.packed.index(object)).blocks.map(({ lineFeeds }) => lineFeeds)),
  }
}
