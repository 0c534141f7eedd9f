import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal } from './problems.ts'

/** One address's requests a minute to one part of one server: a page of the matrix every 50 ms. */
export const requestsPerMinuteMax = 1200

/** Of what is done by hand, or once for each host: signing in, enrolling. */
export const rareRequestsPerMinuteMax = 60

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/**
 * This machine's own programs have no limit. What came through a proxy is not theirs: where TRUST_PROXY is not set, all that
 * it passes on counts as one address.
 */
const isOwnMachine = ({ ip, headers }: FastifyRequest): boolean =>
  loopback.has(ip) && headers['x-forwarded-for'] === undefined

/** Keeps one address from taking this part of the server away from others. */
export async function limitRates(app: FastifyInstance, max = requestsPerMinuteMax): Promise<void> {
  await app.register(rateLimit, {
    max,
    timeWindow: 60_000,
    cache: 10_000,
    allowList: isOwnMachine,
    errorResponseBuilder: (_request, { after }) =>
      new Refusal('too-many-requests', `more than ${max} requests a minute came from this address; go on in ${after}`),
  })
}
