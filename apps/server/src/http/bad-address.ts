import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemKind } from './problems.ts'
import { defaultHeaders } from './security-headers.ts'

/** Refuses a request before the server finds its route, in the format of its audience: people, programs or agents. */
export type RefuseEarly = (
  kind: ProblemKind,
  detail: string,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply

const malformed = 'the address is malformed: two hexadecimal digits must follow a %, and %00 is not allowed'
const tooLong = 'a part of the address is longer than 200 characters'

/** Answers Fastify's own errors about an address. */
export const answerBadAddress =
  (refuse: RefuseEarly) =>
  ({ code }: { code: string }, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    reply.headers(defaultHeaders) // Fastify runs no hook for a malformed address
    return code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? refuse('address-too-long', tooLong, request, reply)
      : refuse('malformed', malformed, request, reply)
  }

/** Refuses addresses with NUL: no name contains NUL, because PostgreSQL's text cannot contain it. */
export function refuseNul(app: FastifyInstance, refuse: RefuseEarly): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.includes('%00')) return refuse('malformed', malformed, request, reply)
  })
}
