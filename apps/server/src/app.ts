import { asReader } from '@rumpfarm/farm'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import { authPlugin } from './auth/plugin.ts'
import type { Config } from './config.ts'
import { refuseEarly } from './early-refusals.ts'
import { rememberMethods } from './http/allowed-methods.ts'
import { answerBadAddress, refuseNul } from './http/bad-address.ts'
import { answerBadHttp } from './http/bad-http.ts'
import { countRequests } from './http/count-requests.ts'
import { drainWith } from './http/draining.ts'
import { checkHost } from './http/host-header.ts'
import { lazySerializers } from './http/lazy-serializers.ts'
import { isRead } from './http/problems.ts'
import { addPublicPath, withoutPublicPath } from './http/public-url.ts'
import { networkOf } from './http/rate-limits.ts'
import { RecentChanges } from './http/recent-changes.ts'
import { logRequests } from './http/request-log.ts'
import { protectBrowsers } from './http/security-headers.ts'
import { agentPlugin, signedPlugin } from './routes/agent/plugin.ts'
import { apiPlugin } from './routes/api/plugin.ts'
import { Streams } from './routes/dashboard/live/stream.ts'
import { streamLimits } from './routes/dashboard/live/stream-limits.ts'
import { signInRoute } from './routes/dashboard/pages/sign-in/route.ts'
import { dashboardPlugin } from './routes/dashboard/plugin.ts'
import { feedsPlugin } from './routes/feeds/plugin.ts'
import { healthPlugin } from './routes/health.ts'
import { metricsPlugin } from './routes/metrics.ts'
import { webhooksPlugin } from './routes/webhooks/plugin.ts'
import type { Services, SignedEndpoint } from './services.ts'

export interface AppOptions {
  log: Logger
}

/** Builds the HTTP server with all its routes. It does not listen yet, so tests can inject requests. */
export async function buildApp(services: Services, { log }: AppOptions): Promise<FastifyInstance> {
  const app = emptyApp(log, services.config)
  drainWith(app, services.draining)
  app.decorate('sharedCounts', services.sharedCounts)
  checkHost(app, services.config, refuseEarly)
  countRequests(app, services.metrics)
  const streams = new Streams(streamLimits(), services.sharedCounts)
  // A closing server waits until all responses have ended, and the response of a stream does not end by itself.
  app.addHook('preClose', async () => streams.endAll())
  app.addHook('onClose', async () => streams.close())
  services.draining?.onEnding(() => streams.endAll())
  await app.register(healthPlugin(services))
  await app.register(metricsPlugin(services))
  await app.register(agentPlugin(services))
  await app.register(authPlugin(services))
  await app.register(signInRoute(services))
  await app.register(webhooksPlugin(services))
  await app.register(apiPlugin(services, streams))
  await app.register(feedsPlugin(services))
  await app.register(dashboardPlugin(services, streams))
  return app
}

/** Builds the HTTP server for SIGNED_PORT. It has only the agent protocol with signed requests. */
export async function buildSignedApp(
  services: Services,
  endpoint: SignedEndpoint,
  { log }: Pick<AppOptions, 'log'>,
): Promise<FastifyInstance> {
  const app = emptyApp(log, { trustProxy: false, publicPath: '' })
  drainWith(app, services.draining)
  app.decorate('sharedCounts', services.sharedCounts)
  countRequests(app, services.metrics)
  await app.register(signedPlugin(services, endpoint))
  return app
}

function emptyApp(log: Logger, { trustProxy, publicPath }: Pick<Config, 'trustProxy' | 'publicPath'>): FastifyInstance {
  const tops = new Set<string | undefined>()
  const ownUrl = withoutPublicPath(publicPath, top => tops.has(top))
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    // request-log.ts logs the requests instead of Fastify.
    logController: new LogController({ disableRequestLogging: true }),
    rewriteUrl: ({ url = '/' }) => ownUrl(url),
    trustProxy: typeof trustProxy === 'number' ? nearest(trustProxy) : trustProxy,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    pluginTimeout: 60_000, // a busy machine can need longer than Fastify's 10 s for the start
    requestTimeout: 60_000, // a request must arrive completely within a minute
    keepAliveTimeout: 75_000, // longer than the longest long poll (50 s)
    forceCloseConnections: true,
    schemaController: { compilersFactory: { buildSerializer: lazySerializers() } },
    frameworkErrors: answerBadAddress(refuseEarly),
    clientErrorHandler: answerBadHttp,
  })
  app.addHook('onRoute', ({ url }) => void tops.add(url.split('/')[1]))
  addPublicPath(app, publicPath)
  rememberMethods(app)
  protectBrowsers(app)
  refuseNul(app, refuseEarly)
  logRequests(app)
  recogniseReaders(app)
  return app
}

/** Trusts this number of proxies, beginning with the nearest. Fastify itself accepts only addresses, not a number. */
export const nearest = (proxies: number) => (_address: string, hop: number) => hop < proxies

/**
 * Requests that only read have connections of their own to the database, so that they never delay hosts and changes. If
 * a client closes the connection before the answer, PostgreSQL cancels the queries of this request. The requests of
 * hosts do not count as reads.
 */
function recogniseReaders(app: FastifyInstance): void {
  const changes = new RecentChanges()
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith('/agent/')) return done()
    const client = networkOf(request.ip)
    const gone = new AbortController()
    if (!isRead(request)) {
      reply.raw.once('finish', () => changes.note(client))
      return done()
    }
    reply.raw.once('close', () => reply.raw.writableFinished || gone.abort())
    asReader(`address ${client}`, gone.signal, done, {
      mayBeLate: !changes.has(client) && !request.routeOptions.config.isLive,
    })
  })
}
