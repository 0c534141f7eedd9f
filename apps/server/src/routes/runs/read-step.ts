import type { Farm } from '@rumpfarm/farm'
import { lineIndexOf } from '../dashboard/log/line-index.ts'
import { logSections } from '../dashboard/log/sections.ts'
import { readBytes, type StoredLog } from '../dashboard/log/window.ts'
import type { StepText } from './differing-lines.ts'
import type { Run } from './facts.ts'

/** The server compares at most this many bytes at the start of a step. */
export const stepBytesMax = 1024 * 1024

/** Reads the start of a step's output. */
export async function readStep(farm: Farm, { job, attempt }: Run, step: string): Promise<StepText & { cut: boolean }> {
  const section = logSections(attempt, job.recipe).find(found => found.step === step)
  const log = await logOf(farm, { job, attempt })
  const start = Math.min(section?.start ?? 0, log.size)
  const end = Math.min(section?.end ?? log.size, log.size)
  const cut = end - start > stepBytesMax
  const bytes = await readBytes(log, start, Math.min(end, start + stepBytesMax))
  const lines = bytes.toString('utf8').split('\n')
  const before = await log.index.linesBefore(log, start)
  return {
    attempt: attempt.attempt,
    hostName: job.host,
    firstLine: before === undefined ? undefined : before + 1,
    lines: lines.slice(0, -1).concat(lines.at(-1) === '' || cut ? [] : lines.slice(-1)),
    cut,
  }
}

async function logOf(farm: Farm, { job, attempt }: Run): Promise<StoredLog> {
  const id = { jobId: job.id, number: attempt.number }
  return {
    size: await farm.attempts.logSize(id),
    read: (start, end) => farm.attempts.readLog(id, start, end),
    lineFeeds: () => farm.attempts.logLineFeeds(id),
    index: lineIndexOf(attempt.attempt, attempt.state === 'finished'),
  }
}
