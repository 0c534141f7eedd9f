import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from './problems/problem.ts'
import type { SharedCounts } from './shared-counts.ts'

/**
 * One address may send this many requests per minute to one part of the server. So it can load the matrix page every
 * 50 ms.
 */
export const requestsPerMinuteMax = 1200

/** The limit for actions of people, for enrolment, and for agent requests without a known credential. */
export const rareRequestsPerMinuteMax = 60

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])
/** A proxy adds one of these headers. */
const proxyHeaders = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip']

/**
 * True if a program on this machine sent the request. Such a request has no limit. A request that a proxy on this
 * machine forwards has a limit. Without TRUST_PROXY, all forwarded requests count for the address of the proxy.
 */
export const isOwnMachine = ({ ip, headers }: FastifyRequest): boolean =>
  loopback.has(ip) && proxyHeaders.every(name => headers[name] === undefined)

/** All addresses of a network share one limit. The network of an IPv6 address is its /64, usually of one customer. */
export const networkOf = (ip: string | undefined): string => (ip === undefined ? closed : normalizeIP(ip))

/** A closed socket has no address. */
const closed = 'closed'

/** Counts a request of an address, and throws a refusal after `max` requests within a minute. */
export type Count = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** The parts of the server whose requests have separate limits. */
export type LimitedPart =
  | 'pages'
  | 'api'
  | 'feeds'
  | 'webhooks'
  | 'health'
  | 'metrics'
  | 'agent-script'
  | 'agents'
  | 'enrolment'
  | 'sign-in'
  | 'subscriptions'

declare module 'fastify' {
  interface FastifyInstance {
    /** With Redis, all servers count together. */
    sharedCounts: SharedCounts | undefined
  }
}

/**
 * With Redis, all servers of the farm count the requests of an address together. Each server also counts alone, and uses
 * its own count while Redis does not answer.
 */
export async function openCount(
  app: FastifyInstance,
  part: LimitedPart,
  max: number,
  what = 'requests',
): Promise<Count> {
  if (!app.hasDecorator('createRateLimit')) await app.register(rateLimit, { global: false })
  const countAlone = app.createRateLimit({
    max,
    timeWindow: 60_000,
    allowList: isOwnMachine,
    keyGenerator: ({ ip }) => networkOf(ip),
  })
  return async (request, reply) => {
    const alone = await countAlone(request)
    if (alone.isAllowed) return
    const shared = await app.sharedCounts?.request(`${part}:${networkOf(request.ip)}`).catch(() => undefined)
    if (shared ? shared.count <= max : !alone.isExceeded) return
    const seconds = Math.max(1, shared ? Math.ceil(shared.leftMs / 1000) : alone.ttlInSeconds)
    reply.header('retry-after', seconds)
    const detail = `more than ${max} ${what} a minute came from this address: wait ${seconds} s and repeat`
    throw new Refusal('too-many-requests', detail)
  }
}

/**
 * Limits the requests of each client address to this part of the server, so that one client cannot block others.
 * Requests to unknown paths count too.
 */
export async function limitRates(app: FastifyInstance, part: LimitedPart, max = requestsPerMinuteMax): Promise<void> {
  app.addHook('onRequest', await openCount(app, part, max))
}
