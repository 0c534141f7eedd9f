import type { FastifyInstance } from 'fastify'
import type { Counts } from '../metrics/counts.ts'

/** Counts each answered request, and measures its time. */
export function countRequests(app: FastifyInstance, metrics: Pick<Counts, 'request'>): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request
    const waits = waitingRoutes.test(routeOptions.url ?? '')
    metrics.request({
      method,
      route: routeOptions.url,
      status: reply.statusCode,
      seconds: waits ? undefined : reply.elapsedTime / 1000,
    })
    done()
  })
}

/** A claim is answered when there is a job, and a stream of events ends when the reader leaves. */
const waitingRoutes = /^\/agent\/v1\/claim$|\/events$/
