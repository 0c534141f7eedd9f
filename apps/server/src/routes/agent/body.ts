import type { FastifyRequest } from 'fastify'

/** Returns the bytes of the body, or an empty buffer if the request has no body. */
export const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))
