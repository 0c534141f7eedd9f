import { type AttemptId, api } from '@rumpfarm/contracts'
import { expiredWords } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import Type from 'typebox'
import { sendBytes } from '../../http/bytes.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { type FoundAttempt, findAttempt } from './find.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'
import type { Exchange } from './send-list.ts'

export const logs = (services: Services) => async (app: ApiInstance) => {
  const { farm } = services
  const schema = {
    tags: ['jobs'],
    headers: api.RangeHeaders,
    response: {
      200: plain('The log'),
      206: plain('The bytes of the range'),
      ...refusalsFor('unknown', 'expired', 'log-gone', 'log-expired', 'range-outside'),
    },
  }

  // The routes also answer HEAD, because Fastify's own HEAD route would read the whole log.
  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:id/log',
    schema: {
      ...schema,
      operationId: 'getJobLog',
      summary: 'Log of the newest attempt of a job; byte ranges',
      description:
        'The bytes as the host sent them. The whole log of an ended job is compressed if the request accepts gzip. To follow a running job, ask for `bytes=SIZE-`; 416 means that there are no new bytes yet.',
      params: api.IdParam,
    },
    handler: async (request, reply) => sendLog(services, await findAttempt(farm, request.params), { request, reply }),
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:id/attempts/:number/log',
    schema: {
      ...schema,
      operationId: 'getAttemptLog',
      summary: 'Log of one attempt; byte ranges',
      description: 'As `getJobLog`, but of the attempt that the address names.',
      params: api.AttemptParam,
    },
    handler: async (request, reply) => sendLog(services, await findAttempt(farm, request.params), { request, reply }),
  })
}

const plain = (description: string) => ({ description, content: { 'text/plain': { schema: Type.String() } } })

async function sendLog(
  { farm }: Services,
  { job, attempt }: FoundAttempt,
  { request, reply }: Exchange,
): Promise<FastifyReply> {
  if (attempt.logExpired)
    return problem(reply, 'log-expired', expiredWords(`the log of attempt ${attempt.attempt}`, attempt.logExpired))
  const name: AttemptId = { jobId: job.id, number: attempt.number }
  const size = attempt.leasedAt === null ? 0 : await farm.attempts.logSize(name) // a job that no host has claimed has no log
  const growing = attempt.state !== 'finished'
  if (!growing && size < attempt.logBytes)
    return problem(reply, 'log-gone', `the farm no longer has the whole log of attempt ${attempt.attempt}`)
  return sendBytes(request, reply, {
    what: 'log',
    size,
    growing,
    type: 'text/plain; charset=utf-8',
    disposition: `inline; filename="${attempt.attempt}.log"`,
    etag: growing ? undefined : `"${attempt.attempt}-${size}"`,
    read: (start, end) => farm.attempts.readLog(name, start, end),
    gzip: growing ? undefined : await farm.attempts.gzipLog(name),
  })
}
