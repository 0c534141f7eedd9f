import { text } from 'node:stream/consumers'
import type { AttemptId } from '@rumpfarm/contracts'
import { readBytesMax, timesIn } from '../log-times.ts'
import { packedBytesMin } from '../packed/format.ts'
import { pathOfArtifact, pathOfTimes } from '../paths.ts'
import type { ArtifactKey, Files, LogTimes, Storage } from '../storage.ts'
import type { Bucket } from './bucket.ts'
import { placeOf } from './bucket-file.ts'
import { bucketFiles } from './bucket-files.ts'
import { bucketLogs } from './bucket-logs.ts'
import type { FileIndex } from './file-index.ts'
import { Packer } from './packer.ts'
import { sharedFiles } from './shared-files.ts'

/**
 * Keeps logs and artifacts in a bucket, and the newest bytes of running jobs in PostgreSQL. So any server of the farm
 * can take the next message of a host (docs/decisions/0036).
 */
export function openBucketStorage(bucket: Bucket, index: FileIndex): Storage {
  const place = placeOf(bucket, index)
  const packer = new Packer(place)
  const seal = async (...paths: string[]) => {
    for (const { path, bytes } of await index.seal(paths)) if (!isLargeLog(path, bytes)) packer.add(path)
  }
  return {
    logs: bucketLogs(place, log => seal(log, timesOf(log))),
    artifacts: bucketFiles<ArtifactKey>(place, pathOfArtifact, seal),
    logTimes: logTimes(bucketFiles<AttemptId>(place, pathOfTimes, seal)),
    shared: sharedFiles(place),
    uploads: bucketFiles<string>(place, id => `tries/${id}.tar.gz`, seal),
    tidy: () => packer.tidy(),
    close: () => packer.close(),
  }
}

/** The farm compresses these with `pack`, when it knows their checksums. */
const isLargeLog = (path: string, bytes: number): boolean => path.endsWith('.log') && bytes >= packedBytesMin

/** The times of a log are complete when the log is. */
const timesOf = (log: string): string => log.replace(/\.log$/, '.times')

const triesMax = 3

const logTimes = (files: Files<AttemptId>): LogTimes => ({
  async add(attempt, { offset, at }) {
    const [file, line] = [files.open(attempt), Buffer.from(`${offset} ${at}\n`)]
    let end = file.size ?? (await file.refreshSize())
    for (let tries = 0; tries < triesMax; tries++) {
      const size = await file.write(end, line)
      if (size === end + line.length) return
      end = size // another server has added a time
    }
  },
  async read(attempt) {
    const bytes = Math.min(await files.size(attempt), readBytesMax)
    return bytes === 0 ? [] : timesIn(await text(files.read(attempt, 0, bytes)))
  },
  remove: attempt => files.remove(attempt),
})
