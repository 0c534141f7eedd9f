import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Freshness } from '../../../events/matrix-memory.ts'
import { farmTime, skewMsMax } from '../../../farm-time.ts'

/**
 * A moment of a server, which an event gives to a browser. The browser then loads its page and sends the moment with
 * this request. So the server knows that the page may be as old as this moment, and many browsers share one page even
 * while the farm changes.
 */
export const knownMomentHeader = 'x-known-moment'

const server = randomBytes(6).toString('base64url')

/** The present moment: the server, its clock, and the time of the farm. */
export const knownMoment = (): string => `${server}.${Math.ceil(performance.now())}.${farmTime()}`

/**
 * How old a page may be for the moment that the request names; undefined if it names none. If another server sent the
 * event, this server may not have received it yet, so a page from before the event counts as out of date.
 */
export function momentOf({ headers }: Pick<FastifyRequest, 'headers'>): Freshness | undefined {
  const text = headers[knownMomentHeader]
  if (typeof text !== 'string') return undefined
  const now = performance.now()
  const [, name, own, time] = /^([\w-]{1,20})\.(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text) ?? []
  if (name === server) return { from: Number(own) }
  const age = time === undefined ? skewMsMax : Math.max(0, farmTime() - Number(time))
  return { from: now - age + skewMsMax, eventsAreLate: true }
}
