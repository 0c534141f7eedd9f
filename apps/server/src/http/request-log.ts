import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/**
 * A line for whatever wants to change the farm, and for whatever was refused: who came, what was wanted, what was answered. Pages
 * that are read and hosts that work say nothing: a heartbeat every 2 s of each running job would drown the rest.
 */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    if (isTold(request, reply)) tell(request, reply)
    done()
  })
}

const hostsWork = /^\/agent\/v1\/(?!enroll)/

function isTold({ method, routeOptions }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (hostsWork.test(routeOptions.url ?? '')) return statusCode >= 500
  if (statusCode === 404) return false // whoever scans for what is not there
  return statusCode >= 400 || (method !== 'GET' && method !== 'HEAD')
}

function tell(request: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void {
  // The route, not the path: a login link's path is a secret.
  const wanted = `${request.method} ${request.routeOptions.url ?? '?'}`
  const about = { from: request.ip, status: statusCode, ms: Math.round(elapsedTime), params: shown(request.params) }
  if (statusCode >= 400) request.log.warn(about, `refused ${wanted}`)
  else request.log.info(about, wanted)
}

const shown = (params: unknown) => {
  const { token: _secret, ...others } = (params ?? {}) as Record<string, unknown>
  return others
}
