import type { FastifyRequest } from 'fastify'

/**
 * Whether a client has the version of this time. Times of HTTP have whole seconds. An ETag is more exact, so the client's
 * time counts only if the client sends no ETag (RFC 9110, 13.1.3).
 */
export function notModifiedSince({ headers, method }: FastifyRequest, time: Date): boolean {
  const since = headers['if-modified-since']
  if (since === undefined || headers['if-none-match'] !== undefined || (method !== 'GET' && method !== 'HEAD'))
    return false
  const known = Date.parse(since)
  return !Number.isNaN(known) && Math.floor(time.getTime() / 1000) * 1000 <= known
}
