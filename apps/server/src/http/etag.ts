import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** Adds a weak ETag of the content, so an unchanged answer is not sent twice. Logs and artifacts have their own. */
export function weakEtags(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const whole = reply.statusCode === 200 && typeof payload === 'string' && !reply.hasHeader('accept-ranges')
    if (!isReading(request.method) || !whole) return payload
    const etag = `W/"${createHash('sha1').update(withoutTime(payload)).digest('base64url')}"`
    reply.header('etag', etag).header('vary', 'Accept').header('cache-control', 'no-cache')
    if (!matches(request.headers['if-none-match'], etag)) return payload
    reply.code(304).removeHeader('content-length').removeHeader('content-type')
    // Fastify's HEAD routes need the payload for its length, and do not send it.
    return request.method === 'HEAD' ? payload : null
  })
}

/** Leaves out the time at the start of the matrix: otherwise every matrix would be a change. */
const withoutTime = (payload: string): string => payload.replace(/^\{"at":"[^"]*",/, '{')

const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** RFC 9110, 13.1.2: weak comparison. */
export const matches = (wanted: string | undefined, etag: string): boolean =>
  wanted !== undefined && (wanted.trim() === '*' || wanted.split(',').some(one => opaque(one) === opaque(etag)))

const opaque = (etag: string): string => etag.trim().replace(/^W\//, '')
