import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'

/**
 * A moment of this server, which an event gives to a browser. The browser then loads its page and sends the moment with
 * this request. So the server knows that the page may be as old as this moment, and many browsers share one page even
 * while the farm changes. A server does not know the moments of another server.
 */
export const knownMomentHeader = 'x-known-moment'

const server = randomBytes(6).toString('base64url')

/** The present moment. */
export const knownMoment = (): string => `${server}.${Math.ceil(performance.now())}`

/** The moment that the request names, as `performance.now` of this server; undefined if it names none. */
export function momentOf({ headers }: Pick<FastifyRequest, 'headers'>): number | undefined {
  const text = headers[knownMomentHeader]
  if (typeof text !== 'string') return undefined
  const [name, milliseconds = ''] = text.split('.')
  return name === server && /^\d{1,15}$/.test(milliseconds) ? Number(milliseconds) : Number.POSITIVE_INFINITY
}
