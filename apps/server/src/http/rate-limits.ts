import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from './problems/problem.ts'

/** One address's requests a minute to one part of one server: a page of the matrix every 50 ms. */
export const requestsPerMinuteMax = 1200

/** Of what is done by hand, or once for each host (signing in, enrolling), and of requests that no known host sends. */
export const rareRequestsPerMinuteMax = 60

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])
/** Headers that a proxy adds. */
const passedOn = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']

/**
 * This machine's own programs have no limit. What came through a proxy is not theirs: where TRUST_PROXY is not set, all that
 * it passes on counts as one address.
 */
const isOwnMachine = ({ ip, headers }: FastifyRequest): boolean =>
  loopback.has(ip) && passedOn.every(name => headers[name] === undefined)

/** Whose limit a request counts against: an IPv6 address is one of its /64, which a customer commonly has as a whole. */
export const networkOf = (ip: string | undefined): string => (ip === undefined ? hungUp : normalizeIP(ip))

/** The socket of a client that has hung up has no address any more. */
const hungUp = 'hung up'

/** Counts one more request of an address, and throws a refusal if there were more than `max` within a minute. */
export type Count = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

export async function openCount(app: FastifyInstance, max: number, what = 'requests'): Promise<Count> {
  if (!app.hasDecorator('createRateLimit')) await app.register(rateLimit, { global: false })
  const count = app.createRateLimit({
    max,
    timeWindow: 60_000,
    allowList: isOwnMachine,
    keyGenerator: ({ ip }) => networkOf(ip),
  })
  return async (request, reply) => {
    const counted = await count(request)
    if (counted.isAllowed || !counted.isExceeded) return
    const seconds = Math.max(1, counted.ttlInSeconds)
    reply.header('retry-after', seconds)
    const words = `more than ${max} ${what} a minute came from this address: wait ${seconds} s and repeat`
    throw new Refusal('too-many-requests', words)
  }
}

/** Keeps one address from taking this part of the server away from others: its routes, and addresses that it has not. */
export async function limitRates(app: FastifyInstance, max = requestsPerMinuteMax): Promise<void> {
  app.addHook('onRequest', await openCount(app, max))
}
