import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The key of a request that runs for the first time; undefined for all other requests. */
    repeatKey?: string
  }
}

/** Reads Idempotency-Key. Undefined: the server never treats the request as a repetition. */
export function keyOf({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined || (typeof key === 'string' && /^[\x20-\x7e]{1,200}$/.test(key))) return key
  throw new Refusal('malformed', 'the header Idempotency-Key must be one value of 1 to 200 printable ASCII characters')
}

const hashOf = (...parts: string[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex')

/**
 * The hooks of a route whose requests a client can repeat safely: the answer to a known Idempotency-Key is the answer of
 * the first request. The farm remembers a key for a day. Each token has its own keys.
 */
export const repeatable = (services: Pick<Services, 'farm'>) => ({
  async preHandler(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const given = keyOf(request)
    if (given === undefined) return
    const key = hashOf(request.allowedBy?.hash ?? '', given)
    const begun = await services.farm.access.beginRequest(
      key,
      hashOf(request.method, request.url, JSON.stringify(request.body ?? {})),
    )
    switch (begun.kind) {
      case 'begun':
        request.repeatKey = key
        return
      case 'done':
        return reply.code(begun.status).send(begun.answer)
      case 'running':
        throw new Refusal('key-in-use', 'the first request with this Idempotency-Key has not ended: repeat in a moment')
      case 'other-request':
        throw new Refusal('key-used-before', 'this Idempotency-Key was used for another request: use a new key')
    }
  },
  async preSerialization(request: FastifyRequest, reply: FastifyReply, answer: unknown): Promise<unknown> {
    if (request.repeatKey !== undefined && reply.statusCode < 300)
      await services.farm.access.endRequest(request.repeatKey, reply.statusCode, answer)
    return answer
  },
  async onResponse(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (request.repeatKey !== undefined && reply.statusCode >= 300)
      await services.farm.access.forgetRequest(request.repeatKey)
  },
})
