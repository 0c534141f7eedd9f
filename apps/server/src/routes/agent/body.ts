import type { FastifyRequest } from 'fastify'

/** The bytes of a body; none if the request has no body. */
export const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))
