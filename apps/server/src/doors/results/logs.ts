import { type AttemptId, api, attemptName } from '@rumpfarm/contracts'
import type { AttemptView } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type from 'typebox'
import type { Parts } from '../../parts.ts'
import { problem } from '../problems.ts'
import { type ApiInstance, refusals } from './door.ts'
import { matches } from './etags.ts'
import { unknownJob } from './jobs.ts'
import { readRange } from './range.ts'

export const logs = (parts: Parts) => async (app: ApiInstance) => {
  const { farm } = parts
  const schema = {
    tags: ['jobs'],
    headers: api.LogHeaders,
    response: { 200: plain('The log'), 206: plain('Its bytes in the range'), ...refusals },
  }

  // HEAD beside GET: Fastify's own would read the whole log and throw it away.
  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:id/log',
    schema: { ...schema, summary: "The log of a job's newest attempt; byte ranges", params: api.IdParam },
    handler: async (request, reply) => {
      const { id } = request.params
      const [newest] = (await farm.findJob(id))?.attempts ?? []
      return newest ? sendLog(parts, { jobId: id, attempt: newest }, request, reply) : unknownJob(reply, id)
    },
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:id/attempts/:number/log',
    schema: { ...schema, summary: 'The log of one attempt; byte ranges', params: api.AttemptParam },
    handler: async (request, reply) => {
      const { id, number } = request.params
      const attempt = (await farm.findJob(id))?.attempts.find(one => one.number === number)
      if (attempt) return sendLog(parts, { jobId: id, attempt }, request, reply)
      return problem(reply, 'unknown', `there is no attempt ${attemptName({ jobId: id, number })}`)
    },
  })
}

const plain = (description: string) => ({ description, content: { 'text/plain': { schema: Type.String() } } })

interface Asked {
  jobId: number
  attempt: AttemptView
}

/** The bytes as the host sent them, whatever they are: text/plain, and nosniff so that no browser takes them for HTML. */
function sendLog({ farm }: Parts, asked: Asked, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { jobId, attempt } = asked
  const name: AttemptId = { jobId, number: attempt.number }
  const size = farm.logSize(name)
  if (attempt.state === 'finished' && size < attempt.logBytes)
    return problem(reply, 'log-gone', `the farm no longer has all of the log of attempt ${attempt.attempt}`)
  const etag = attempt.state === 'finished' ? `"${attempt.attempt}-${size}"` : undefined
  headers(reply, attempt.attempt, etag)
  if (etag !== undefined && matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
  const range = readRange(rangeAsked(request, etag), size)
  if (range === 'outside') {
    reply.header('content-range', `bytes */${size}`)
    return problem(reply, 'range-outside', `the log has ${size} bytes${etag === undefined ? ' so far' : ''}`)
  }
  const { start, end } = range ?? { start: 0, end: size }
  if (range) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`)
  reply.header('content-length', end - start)
  return reply.send(request.method === 'HEAD' || start === end ? '' : farm.readLog(name, start, end))
}

function headers(reply: FastifyReply, attempt: string, etag: string | undefined): void {
  reply
    .type('text/plain; charset=utf-8')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('accept-ranges', 'bytes')
    .header('content-disposition', `inline; filename="${attempt}.log"`)
    .header('cache-control', 'no-cache')
  if (etag !== undefined) reply.header('etag', etag)
}

/** RFC 9110, 13.1.5: a range of something else than what the caller has is no use to them. */
function rangeAsked({ headers }: FastifyRequest, etag: string | undefined): string | undefined {
  const only = headers['if-range']
  return only === undefined || only === etag ? headers.range : undefined
}
