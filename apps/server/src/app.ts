import { untilAborted } from '@rumpfarm/farm'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { accessDoor } from './doors/access.ts'
import { agentDoor, signedDoor } from './doors/agent/index.ts'
import { answerBadAddress, refuseNul } from './doors/bad-address.ts'
import { answerBadHttp } from './doors/bad-http.ts'
import { dashboardDoor } from './doors/dashboard/index.ts'
import { healthDoor } from './doors/health.ts'
import { keepJournal } from './doors/journal.ts'
import { checkHost } from './doors/names.ts'
import { placeBelow, withoutPublicPath } from './doors/public-url.ts'
import { resultsDoor } from './doors/results/index.ts'
import { protectBrowsers } from './doors/safe-headers.ts'
import { webhooksDoor } from './doors/webhooks.ts'
import type { Parts, SignedWay } from './parts.ts'

export interface AppOptions {
  log: Logger
}

/** The server's doors, in order. Nothing listens yet: tests inject here. */
export async function buildApp(parts: Parts, { log }: AppOptions): Promise<FastifyInstance> {
  const app = emptyApp(log, parts.config)
  checkHost(app, parts.config)
  await app.register(healthDoor(parts))
  await app.register(agentDoor(parts))
  await app.register(accessDoor(parts))
  await app.register(webhooksDoor(parts))
  await app.register(resultsDoor(parts))
  await app.register(dashboardDoor(parts))
  return app
}

/** What listens at SIGNED_PORT, in plain HTTP: the hosts' door for signed requests, and nothing else. */
export async function buildSignedApp(
  parts: Parts,
  way: SignedWay,
  { log }: Pick<AppOptions, 'log'>,
): Promise<FastifyInstance> {
  const app = emptyApp(log, { trustProxy: false, publicPath: '' })
  await app.register(signedDoor(parts, way))
  return app
}

function emptyApp(log: Logger, { trustProxy, publicPath }: Pick<Config, 'trustProxy' | 'publicPath'>): FastifyInstance {
  const tops = new Set<string | undefined>()
  const ownUrl = withoutPublicPath(publicPath, top => tops.has(top))
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    // The journal says what is worth a line.
    logController: new LogController({ disableRequestLogging: true }),
    rewriteUrl: ({ url = '/' }) => ownUrl(url),
    trustProxy: typeof trustProxy === 'number' ? nearest(trustProxy) : trustProxy,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    // Longer than the longest long poll (50 s); a request's own bytes must arrive within a minute.
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: true,
    frameworkErrors: answerBadAddress,
    clientErrorHandler: answerBadHttp,
  })
  app.addHook('onRoute', ({ url }) => void tops.add(url.split('/')[1]))
  placeBelow(app, publicPath)
  protectBrowsers(app)
  refuseNul(app)
  keepJournal(app)
  endReadsOfTheGone(app)
  return app
}

/** Believes so many proxies, from the nearest on. (Fastify itself refuses a number, since it does not say who they are.) */
export const nearest = (proxies: number) => (_address: string, hop: number) => hop < proxies

/** What a client that hangs up had asked of the database is ended there, too. */
function endReadsOfTheGone(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'GET') return done()
    const gone = new AbortController()
    reply.raw.once('close', () => reply.raw.writableFinished || gone.abort())
    untilAborted(gone.signal, done)
  })
}
