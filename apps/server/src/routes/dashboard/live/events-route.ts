import { once } from 'node:events'
import type { AttemptId } from '@rumpfarm/contracts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sentenceOf } from '../../../http/problems.ts'
import type { Services } from '../../../services.ts'
import type { LogPosition } from '../log/window.ts'
import { queryWord } from '../query.ts'
import { AttemptFeeds } from './attempt-feed.tsx'
import type { Changes } from './changes.ts'
import type { EventStream, Streams } from './stream.ts'
import type { StreamRefusal } from './stream-limits.ts'

interface FollowedLog {
  attempt: AttemptId
  position: LogPosition
  times: boolean
}

/**
 * Sends the events of all pages that one browser shows. In the query, `since` is the time when the oldest page was
 * rendered. Each job page adds a `log` to the query: attempt, offset and line. The id of a log's event begins with the
 * number of the log in the query.
 */
export function eventsRoute(app: FastifyInstance, services: Services, streams: Streams, changes: Changes): void {
  const feeds = new AttemptFeeds(services)
  app.get('/events', { exposeHeadRoute: false }, async (request, reply) => {
    const since = queryWord(request, 'since')
    const logs = logsOf(request)
    const stream = await streams.openShared(request, reply, Math.max(1, logs.length + (since === undefined ? 0 : 1)))
    if ('refusal' in stream) return refuse(reply, stream.refusal)
    const followed = logs.map((log, number) => feeds.follow(stream, { publicPath: app.publicPath, number, ...log }))
    const changed = since === undefined ? [] : [changes.follow(stream, Number(since) || 0)]
    await Promise.all([...followed, ...changed, closed(stream)]).catch(error => {
      request.log.error({ err: error }, 'live events ended early; the browser connects again')
      stream.end()
    })
    return reply
  })
}

/** `12.1:1234:56` means attempt 12.1 from byte 1234, which is in line 56. With `12.1t:…`, the lines have times. */
function logsOf(request: FastifyRequest): FollowedLog[] {
  const { log = [] } = request.query as { log?: string | string[] }
  return [log].flat().flatMap(text => {
    const found = /^(\d{1,15})\.(\d{1,9})(t?):(\d{1,15}):(\d{1,9})$/.exec(text)
    if (!found) return []
    const [, jobId, number, times, offset, line] = found
    return [
      {
        attempt: { jobId: Number(jobId), number: Number(number) },
        position: { offset: Number(offset), line: Number(line) },
        times: times === 't',
      },
    ]
  })
}

const closed = async ({ closed: signal }: EventStream): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort')
}

/** The script of the page shows this text. */
const refuse = (reply: FastifyReply, { status, detail, retryAfterSeconds }: StreamRefusal): FastifyReply =>
  reply
    .code(status)
    .header('retry-after', String(retryAfterSeconds))
    .type('text/plain')
    .send(`${sentenceOf(detail)}\n`)
