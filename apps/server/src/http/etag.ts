import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { addVary } from './compression.ts'

/**
 * Adds a weak ETag, so that the server does not send an unchanged answer again. Logs and artifacts have their own
 * ETags.
 */
export function weakEtags(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const isStored = reply.hasHeader('accept-ranges') || reply.hasHeader('content-encoding')
    const whole = reply.statusCode === 200 && typeof payload === 'string' && !isStored
    if (!isReading(request.method) || !whole) return payload
    const etag = `W/"${createHash('sha1').update(withoutTime(payload)).digest('base64url')}"`
    reply.header('etag', etag).header('cache-control', 'no-cache')
    for (const name of ['Accept', 'Accept-Encoding']) addVary(reply, name)
    if (!matches(request.headers['if-none-match'], etag)) return payload
    reply.code(304).removeHeader('content-length').removeHeader('content-type')
    // Fastify's HEAD routes do not send the payload, but need it to count its bytes.
    return request.method === 'HEAD' ? payload : null
  })
}

/** Removes the time at the start of the matrix. With the time, each answer would have a new ETag. */
const withoutTime = (payload: string): string => payload.replace(/^\{"at":"[^"]*",/, '{')

const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** Compares ETags by the weak comparison of RFC 9110, 13.1.2. */
export const matches = (wanted: string | undefined, etag: string): boolean =>
  wanted !== undefined && (wanted.trim() === '*' || wanted.split(',').some(one => opaque(one) === opaque(etag)))

const opaque = (etag: string): string => etag.trim().replace(/^W\//, '')
