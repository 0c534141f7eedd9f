import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** Weak validators from the content: an unchanged answer is not sent twice. Logs, which have ranges, have their own or none. */
export function weakEtags(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const whole = reply.statusCode === 200 && typeof payload === 'string' && !reply.hasHeader('accept-ranges')
    if (!isReading(request.method) || !whole) return payload
    const etag = `W/"${createHash('sha1').update(lasting(payload)).digest('base64url')}"`
    reply.header('etag', etag).header('vary', 'Accept').header('cache-control', 'no-cache')
    if (!matches(request.headers['if-none-match'], etag)) return payload
    reply.code(304).removeHeader('content-length').removeHeader('content-type')
    // Fastify's own HEAD routes measure the payload and do not send it.
    return request.method === 'HEAD' ? payload : null
  })
}

/** Without the moment of asking, with which the matrix begins: else no matrix would ever be unchanged. */
const lasting = (payload: string): string => payload.replace(/^\{"at":"[^"]*",/, '{')

const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** RFC 9110, 13.1.2: weak comparison. */
export const matches = (wanted: string | undefined, etag: string): boolean =>
  wanted !== undefined && (wanted.trim() === '*' || wanted.split(',').some(one => opaque(one) === opaque(etag)))

const opaque = (etag: string): string => etag.trim().replace(/^W\//, '')
