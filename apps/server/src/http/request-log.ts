import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/**
 * Logs the client, the route and the status of each request that changes the farm, and of each refused request. Does
 * not log reads. Does not log messages of working hosts either, because each running job sends a heartbeat every 2 s.
 */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    if (isLogged(request, reply)) logRequest(request, reply)
    done()
  })
}

const hostMessages = /^\/agent\/v1\/(?!enroll)/

function isLogged({ method, routeOptions }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (hostMessages.test(routeOptions.url ?? '')) return statusCode >= 500
  if (statusCode === 404) return false // scanners cause many of these answers
  return statusCode >= 400 || (method !== 'GET' && method !== 'HEAD')
}

function logRequest(request: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void {
  // Logs the route instead of the path, because the path of a login link is a secret.
  const route = `${request.method} ${request.routeOptions.url ?? '?'}`
  const fields = {
    from: request.ip,
    status: statusCode,
    ms: Math.round(elapsedTime),
    params: withoutToken(request.params),
  }
  if (statusCode >= 400) request.log.warn(fields, `refused ${route}`)
  else request.log.info(fields, route)
}

const withoutToken = (params: unknown) => {
  const { token: _secret, ...others } = (params ?? {}) as Record<string, unknown>
  return others
}
