import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../problems.ts'

/** One address's requests a minute to one server: a page of the matrix every 50 ms. */
export const requestsPerMinuteMax = 1200

const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** Keeps one address from taking the API away from others. This machine (and a proxy that is not trusted) is let through. */
export const limitRates = async (app: FastifyInstance): Promise<void> => {
  await app.register(rateLimit, {
    max: requestsPerMinuteMax,
    timeWindow: 60_000,
    cache: 10_000,
    allowList: request => loopback.has(request.ip),
    errorResponseBuilder: (_request, { after }) =>
      new Refusal('too-many-requests', `more than ${requestsPerMinuteMax} requests a minute; go on in ${after}`),
  })
}
