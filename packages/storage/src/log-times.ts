import { appendFileSync, createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { AttemptId } from '@rumpfarm/contracts'
import type { LogTime, LogTimes } from './storage.ts'

/** A job of five days that prints all the time has about this many times. The farm does not read further times. */
export const logTimesMax = 100_000
export const readBytesMax = 32 * logTimesMax

/** Each line of a file has an offset and a time: `65536 1714979289123`. An interrupted write leaves a shorter line. */
export const openLogTimes = (pathOf: (attempt: AttemptId) => string): LogTimes => ({
  // A file that stays open would need one more descriptor for each running job. The log has created the folder.
  add: async (attempt, { offset, at }) => appendFileSync(pathOf(attempt), `${offset} ${at}\n`),
  read: async attempt => timesIn(await readStart(pathOf(attempt))),
  remove: attempt => rm(pathOf(attempt), { force: true }),
})

async function readStart(path: string): Promise<string> {
  try {
    return await text(createReadStream(path, { end: readBytesMax - 1 }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** If a log started again from its beginning, the earlier times are of bytes that the farm dropped. */
export function timesIn(lines: string): LogTime[] {
  const times: LogTime[] = []
  for (const [, offset, at] of lines.matchAll(/^(\d{1,15}) (\d{13})\n/gm)) {
    const time = { offset: Number(offset), at: Number(at) }
    while (times.length > 0 && (times.at(-1) as LogTime).offset >= time.offset) times.pop()
    if (times.length < logTimesMax) times.push(time)
  }
  return times
}
