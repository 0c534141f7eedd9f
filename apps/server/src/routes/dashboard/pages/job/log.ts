import {
  type AttemptView,
  type FailureView,
  type Farm,
  isObjectGone,
  isStorageAway,
  type JobView,
} from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { lineIndexOf } from '../../log/line-index.ts'
import { readLogQuery } from '../../log/log-query.ts'
import { openingOf } from '../../log/opening.ts'
import { type FoundLines, findLines } from '../../log/search.ts'
import { logSearches } from '../../log/search-limit.ts'
import { logSections } from '../../log/sections.ts'
import type { JobLog } from '../../log/shown-log.ts'
import { Timeline } from '../../log/timeline.ts'
import { readWindow, type StoredLog } from '../../log/window.ts'

export interface LogSource {
  job: JobView
  attempt: AttemptView
  logSize: number
  failure: FailureView | undefined
}

interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
}

/**
 * Reads the part of the log that the page shows. If the bucket has lost bytes of the log, or does not answer, the page shows
 * none of it. The verdict, the steps and the buttons do not need the bucket.
 */
export async function logOf(farm: Farm, exchange: Exchange, source: LogSource): Promise<JobLog> {
  try {
    return await readLog(exchange, source, storedLog(farm, source), timelineOf(farm, source))
  } catch (error) {
    const away = isStorageAway(error)
    if (!away && !isObjectGone(error)) throw error
    exchange.request.log.warn({ err: error }, `the page cannot show the log of ${source.attempt.attempt}`)
    const nothing = { ...source, logSize: 0 }
    const log = await readLog(
      exchange,
      nothing,
      { ...storedLog(farm, nothing), lineFeeds: async () => undefined },
      noTimes,
    )
    return away ? { ...log, away, live: false } : log
  }
}

const noTimes = async (): Promise<undefined> => undefined

async function readLog(
  { request, reply }: Exchange,
  source: LogSource,
  log: StoredLog,
  readTimes: () => Promise<Timeline | undefined>,
): Promise<JobLog> {
  const { job, attempt, failure } = source
  const errors = errorLines(failure)
  const query = readLogQuery(request)
  const sections = logSections(attempt, job.recipe)
  const found = await search(log, query.find, reply)
  const foundLine = found?.lines[Math.min(query.match, found.lines.length) - 1]
  const failed = attempt.state === 'finished' && attempt.verdict !== 'passed'
  const position = await openingOf(log, { query, sections, errorLine: failure?.line ?? undefined, foundLine, failed })
  const times = query.times ? await readTimes() : undefined
  const window = await readWindow(log, sections, position, {
    find: query.find,
    attempt: attempt.attempt,
    chosen: query.lines ?? (foundLine === undefined ? undefined : { first: foundLine, last: foundLine }),
    errors: new Set(errors.lines),
    times,
  })
  return {
    sections,
    window,
    query,
    found,
    errors,
    away: false,
    timesKnown: times?.isKnown ?? false,
    ...namesOf(source),
  }
}

async function search(log: StoredLog, text: string | undefined, reply: FastifyReply): Promise<FoundLines | undefined> {
  return text === undefined ? undefined : logSearches.run(reply, signal => findLines(log, text, signal))
}

/** The lines with errors, in the order of the log. The line that explains the failure is not always the first. */
function errorLines(failure: FailureView | undefined): JobLog['errors'] {
  if (!failure) return { lines: [], total: 0 }
  const all = [failure.line, ...failure.others.map(({ line }) => line)].filter(line => line !== null)
  const lines = [...new Set(all)].sort((one, other) => one - other)
  return { lines, total: Math.max(failure.errors, lines.length) }
}

function storedLog(farm: Farm, { job, attempt, logSize }: LogSource): StoredLog {
  const id = { jobId: job.id, number: attempt.number }
  return {
    size: logSize,
    read: (start, end) => farm.attempts.readLog(id, start, end),
    scan: (start, end) => farm.attempts.scanLog(id, start, end),
    lineFeeds: () => farm.attempts.logLineFeeds(id),
    index: lineIndexOf(attempt.attempt, attempt.state === 'finished'),
  }
}

const timelineOf =
  (farm: Farm, { job, attempt }: LogSource) =>
  async (): Promise<Timeline> =>
    new Timeline(await farm.attempts.logTimes({ jobId: job.id, ...attempt }), attempt.startedAt)

const namesOf = ({ job, attempt, logSize }: LogSource) => ({
  path: `/jobs/${job.id}/attempts/${attempt.number}`,
  attempt: attempt.attempt,
  rawPath: `/api/v1/jobs/${job.id}/attempts/${attempt.number}/log`,
  live: attempt.state !== 'finished',
  expired: attempt.logExpired,
  damagedAt: attempt.logDamagedAt,
  missingBytes: attempt.state === 'finished' ? Math.max(0, attempt.logBytes - logSize) : 0,
})
