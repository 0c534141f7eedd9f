import { type AttemptId, api, attemptName } from '@rumpfarm/contracts'
import type { AttemptView } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import { sendBytes } from '../../http/bytes.ts'
import { answerProblem, unknownJob } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'

export const logs = (services: Services) => async (app: ApiInstance) => {
  const { farm } = services
  const schema = {
    tags: ['jobs'],
    headers: api.RangeHeaders,
    response: {
      200: plain('The log'),
      206: plain('The bytes of the range'),
      ...refusalsFor('unknown', 'log-gone', 'range-outside'),
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
      params: api.IdParam,
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const [newest] = (await farm.builds.findJob(id))?.attempts ?? []
      return newest
        ? sendLog(services, { jobId: id, attempt: newest }, request, reply)
        : answerProblem(reply, unknownJob(id))
    },
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:id/attempts/:number/log',
    schema: {
      ...schema,
      operationId: 'getAttemptLog',
      summary: 'Log of one attempt; byte ranges',
      params: api.AttemptParam,
    },
    handler: async (request, reply) => {
      const { id, number } = request.params
      const attempt = (await farm.builds.findJob(id))?.attempts.find(one => one.number === number)
      if (attempt) return sendLog(services, { jobId: id, attempt }, request, reply)
      return problem(reply, 'unknown', `there is no attempt ${attemptName({ jobId: id, number })}`)
    },
  })
}

const plain = (description: string) => ({ description, content: { 'text/plain': { schema: Type.String() } } })

interface AttemptOfJob {
  jobId: number
  attempt: AttemptView
}

function sendLog(
  { farm }: Services,
  requested: AttemptOfJob,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { jobId, attempt } = requested
  const name: AttemptId = { jobId, number: attempt.number }
  const size = attempt.leasedAt === null ? 0 : farm.attempts.logSize(name) // a job that no host has claimed has no log
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
  })
}
