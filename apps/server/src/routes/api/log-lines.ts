import { api } from '@rumpfarm/contracts'
import { expiredWords, prepareLine } from '@rumpfarm/farm'
import { idOfCursor, nextAddress, writeCursor } from '../../http/pagination.ts'
import { Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { lineIndexOf } from '../dashboard/log/line-index.ts'
import { type LinesRequest, type NumberedLine, readLines } from '../dashboard/log/read-lines.ts'
import { findLines } from '../dashboard/log/search.ts'
import { logSearches } from '../dashboard/log/search-limit.ts'
import { logSections } from '../dashboard/log/sections.ts'
import { Timeline } from '../dashboard/log/timeline.ts'
import type { StoredLog } from '../dashboard/log/window.ts'
import { type FoundAttempt, findAttempt } from './find.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'
import type { Exchange } from './send-list.ts'

interface Wanted {
  id: number
  number?: number
}

/** The lines of logs with their times, and searches in logs. */
export const logLines =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    const lines = {
      tags: ['jobs'],
      querystring: api.LogLinesFilter,
      response: {
        200: api.ref(api.LogLines),
        ...refusalsFor('unknown', 'expired', 'log-gone', 'log-expired', 'range-outside'),
      },
    }
    app.get(
      '/jobs/:id/log/lines',
      {
        schema: {
          ...lines,
          operationId: 'listJobLogLines',
          summary: 'Lines of the log of a job, with the times when they arrived; by line number or by step',
          description:
            'At most 1,000 lines, without colours. `next` is the address of the next lines. The lines of the newest attempt.',
          params: api.IdParam,
        },
      },
      (request, reply) => answerLines(request.params, request.query, { request, reply }),
    )
    app.get(
      '/jobs/:id/attempts/:number/log/lines',
      {
        schema: {
          ...lines,
          operationId: 'listAttemptLogLines',
          summary: 'Lines of the log of one attempt',
          description: 'As `listJobLogLines`, but of the attempt that the address names.',
          params: api.AttemptParam,
        },
      },
      (request, reply) => answerLines(request.params, request.query, { request, reply }),
    )

    async function answerLines(wanted: Wanted, query: LinesQuery, { request, reply }: Exchange) {
      const found = await findAttempt(farm, wanted)
      const log = await storedLog(found)
      const times = await farm.attempts.logTimes({ jobId: found.job.id, ...found.attempt })
      const timeline = new Timeline(times, found.attempt.startedAt)
      const { lines, more } = await readLines(log, await rangeOf(log, found, query))
      const items = lines.filter(({ number }) => query.last === undefined || number <= query.last)
      const last = more && items.length === lines.length ? items.at(-1)?.number : undefined
      const next = last !== undefined && last !== query.last ? nextAddress(request, writeCursor(last)) : null
      if (next !== null) reply.header('link', `<${next}>; rel="next"`)
      return {
        attempt: found.attempt.attempt,
        size: log.size,
        items: items.map(line => lineView(line, timeline)),
        next,
      }
    }

    const search = {
      tags: ['jobs'],
      querystring: api.LogSearchFilter,
      response: { 200: api.ref(api.LogMatches), ...refusalsFor('unknown', 'expired', 'log-gone', 'log-expired') },
    }
    app.get(
      '/jobs/:id/log/search',
      {
        schema: {
          ...search,
          operationId: 'searchJobLog',
          summary: 'Numbers of the lines of a log that contain a text',
          description:
            'At most 10,000 lines of the first 256 MiB; `complete` says whether these are all. The log of the newest attempt.',
          params: api.IdParam,
        },
      },
      (request, reply) => answerSearch(request.params, request.query.find, reply),
    )
    app.get(
      '/jobs/:id/attempts/:number/log/search',
      {
        schema: {
          ...search,
          operationId: 'searchAttemptLog',
          summary: 'Numbers of the lines of the log of one attempt that contain a text',
          description: 'As `searchJobLog`, but of the attempt that the address names.',
          params: api.AttemptParam,
        },
      },
      (request, reply) => answerSearch(request.params, request.query.find, reply),
    )

    async function answerSearch(wanted: Wanted, text: string, reply: Exchange['reply']) {
      const found = await findAttempt(farm, wanted)
      const log = await storedLog(found)
      const { lines, complete } = await logSearches.run(reply, signal => findLines(log, text, signal))
      return { attempt: found.attempt.attempt, size: log.size, lines, complete }
    }

    /** Before the lease, no host has written to the log. */
    async function storedLog({ job, attempt }: FoundAttempt): Promise<StoredLog> {
      if (attempt.logExpired)
        throw new Refusal('log-expired', expiredWords(`the log of attempt ${attempt.attempt}`, attempt.logExpired))
      const id = { jobId: job.id, number: attempt.number }
      const size = attempt.leasedAt === null ? 0 : await farm.attempts.logSize(id)
      const finished = attempt.state === 'finished'
      if (finished && size < attempt.logBytes)
        throw new Refusal('log-gone', `the farm no longer has the whole log of attempt ${attempt.attempt}`)
      const read = (start: number, end: number) => farm.attempts.readLog(id, start, end)
      const lineFeeds = () => farm.attempts.logLineFeeds(id)
      return { size, read, lineFeeds, index: lineIndexOf(attempt.attempt, finished) }
    }
  }

interface LinesQuery {
  first?: number
  last?: number
  step?: string
  limit?: number
  cursor?: string
}

/** The bytes of the wanted lines, and the number of the first line. */
async function rangeOf(log: StoredLog, found: FoundAttempt, query: LinesQuery): Promise<LinesRequest> {
  const { limit = api.logLinesDefault, cursor, step, last } = query
  if (step !== undefined && (query.first ?? last) !== undefined)
    throw new Refusal('invalid', 'the query must have either step, or first and last')
  const section = step === undefined ? undefined : sectionOf(found, step)
  const isOpen = section?.end === undefined
  const end = isOpen ? log.size : Math.min(section.end ?? log.size, log.size)
  const growing = isOpen && found.attempt.state !== 'finished'
  const after = idOfCursor(cursor)
  const number = after === undefined ? query.first : after + 1
  const start =
    number === undefined
      ? await firstLine(log, section?.start ?? 0)
      : { number, start: await log.index.offsetOf(log, number) }
  return { ...start, start: start.start ?? end, end, limit, growing }
}

async function firstLine(log: StoredLog, start: number) {
  const before = await log.index.linesBefore(log, Math.min(start, log.size))
  if (before !== undefined) return { number: before + 1, start }
  throw new Refusal('range-outside', 'the farm counts the lines of the first 512 MiB only: read the log with a Range')
}

function sectionOf({ job, attempt }: FoundAttempt, step: string) {
  const sections = logSections(attempt, job.recipe)
  const section = sections.find(one => one.step === step)
  if (section) return section
  const known = sections.map(one => one.step).filter(name => name !== undefined)
  const detail = `attempt ${attempt.attempt} has no output of step ${step}; it has: ${known.join(', ')}`
  throw new Refusal('unknown', detail, { known })
}

const decoder = new TextDecoder('utf-8') // replaces invalid bytes with U+FFFD

const lineView = ({ number, bytes, length, end }: NumberedLine, timeline: Timeline) => ({
  number,
  text: prepareLine(decoder.decode(bytes)),
  bytes: length,
  at: timeline.timeOf(end) ?? null,
})
