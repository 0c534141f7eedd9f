import type { FastifyRequest } from 'fastify'

/** The raw bytes, which the signature covers; empty if the request has no body. */
export const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))
