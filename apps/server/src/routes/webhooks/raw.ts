import type { FastifyRequest } from 'fastify'

/** The bytes as they came, which are what is signed; none when the request had no body. */
export const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))
