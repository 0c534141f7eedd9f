import { api } from '@rumpfarm/contracts'
import type { FastifyReply } from 'fastify'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import type { Streams } from '../dashboard/live/stream.ts'
import type { StreamRefusal } from '../dashboard/live/stream-limits.ts'
import { type Batch, ChangeFeed } from './change-feed.ts'
import { Follower, writersOf } from './event-follower.ts'
import { type ApiInstance, refusals } from './routes.ts'

const description = `Server-sent events. \`build\`: a BuildSummary; \`job\`: a JobSummary; \`cell\`: a CellSummary;
\`cell-removed\`: a CellKey; the cell has left the matrix.
\`alive\`: sent at least every 15 s, without data. \`reset\`: the farm cannot send all events since the last one that
you received, so read the lists again. After a lost connection, send the id of the last event as Last-Event-ID: the
farm then sends everything that was committed since. It may send an event twice.`

/** The data of an event. */
const data = { anyOf: [api.BuildSummary, api.JobSummary, api.CellSummary, api.CellKey].map(schema => api.ref(schema)) }

/** The route of the events, for programs that follow the farm. Its streams count as live pages. */
export const events = (services: Services, streams: Streams) => async (app: ApiInstance) => {
  const onProblem = (error: Error) => app.log.error({ err: error }, 'the changes of the farm cannot be read')
  let feed: ChangeFeed | undefined

  app.get(
    '/events',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['events'],
        operationId: 'followEvents',
        summary: 'Events of builds, jobs and cells, as a stream',
        description,
        querystring: api.EventFilter,
        headers: api.EventHeaders,
        response: {
          200: {
            description: 'The events',
            content: { 'text/event-stream': { schema: { type: 'string', contentSchema: data } } },
          },
          ...refusals,
        },
      },
    },
    async (request, reply) => {
      const { after = request.headers['last-event-id'], ...filter } = request.query
      feed ??= new ChangeFeed({ farm: services.farm, bus: services.bus, onProblem })
      const follower = new Follower(filter, writersOf(reply))
      const { at, unsubscribe } = await feed.subscribe(batch => follower.add(batch))
      try {
        const missed = await missedSince(feed, after, at)
        const stream = await streams.openShared(request, reply)
        if ('refusal' in stream) return refuse(reply, stream.refusal)
        await follower.send(stream, missed)
        return reply
      } finally {
        unsubscribe()
      }
    },
  )
}

/** A client's clock does not matter, because ids come from the farm. The clocks of servers differ a little. */
const clockDifferenceMsMax = 60_000

/** What happened since the event with this id; `at` is the present time. An unknown id cannot be continued. */
async function missedSince(feed: ChangeFeed, id: string | undefined, at: Date): Promise<Batch> {
  if (id === undefined) return { changes: [], at, complete: true }
  const since = /^\d{1,15}$/.test(id) ? Number(id) : Number.POSITIVE_INFINITY
  if (since > at.getTime() + clockDifferenceMsMax) return { changes: [], at, complete: false }
  return feed.changesSince(new Date(since))
}

const refuse = (reply: FastifyReply, { kind, detail, retryAfterSeconds }: StreamRefusal): FastifyReply =>
  problem(reply.header('retry-after', String(retryAfterSeconds)), kind, detail)
