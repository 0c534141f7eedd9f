import type { FastifyRequest } from 'fastify'

/** Returns the raw bytes, which the signature covers. If the request has no body, the buffer is empty. */
export const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))
