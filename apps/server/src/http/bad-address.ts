import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemKind } from './problems.ts'
import { defaultHeaders } from './security-headers.ts'

/** Refuses a request before its route runs. People, programs and agents get answers in different formats. */
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

/** Refuses addresses with NUL. A text in PostgreSQL cannot contain NUL, so no name in the farm contains it. */
export function refuseNul(app: FastifyInstance, refuse: RefuseEarly): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url.includes('%00')) return void refuse('malformed', malformed, request, reply)
    done()
  })
}
