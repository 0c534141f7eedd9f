import { isGivenUp, isStorageFull } from '@rumpfarm/farm'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { knowVisitors } from '../../auth/plugin.ts'
import { problemKinds, Refusal, sentenceOf, storageFull, tookTooLong } from '../../http/problems.ts'
import { limitRates } from '../../http/rate-limits.ts'
import type { Services } from '../../services.ts'
import { serveAssets } from './assets.ts'
import { formRoutes } from './forms.ts'
import { eventsRoute } from './live/events-route.ts'
import { Changes } from './live/page-events.ts'
import { Streams } from './live/stream.ts'
import { NotHere } from './not-found.ts'
import { jobPages } from './pages/job-routes.ts'
import { drawProblemPage, type Problem } from './pages/problem.tsx'
import { readingPages } from './reading.ts'
import { plainVisit, sendPage, visitOf } from './visit.ts'

/** Live pages that are visible; in most browsers all pages share a socket. A process commonly may have 1,024 sockets. */
const streamLimits = { all: 500, address: 60, session: 30 }

/** What people look at: pages drawn on the server, complete without JavaScript, kept up to date where there is some. */
export const dashboardPlugin = (services: Services) => async (app: FastifyInstance) => {
  const streams = new Streams(streamLimits)
  const changes = new Changes(services.bus)
  app.addHook('preClose', async () => streams.endAll()) // a server that closes waits for its answers
  app.addHook('onClose', async () => changes.close())
  app.decorateRequest('arrivedAt', 0)
  app.addHook('onRequest', async request => {
    request.arrivedAt = Date.now()
  })
  app.setErrorHandler((error: FastifyError, request, reply) => answerError(services, error, request, reply))
  app.setNotFoundHandler(async (request, reply) => {
    const next = { href: '/', text: 'The matrix' }
    const problem = {
      title: 'There is no such page',
      text: `The farm has nothing at ${app.publicPath}${request.url.split('?')[0]}.`,
      next,
    }
    return sendPage(reply.code(404), drawProblemPage(await visitOf(services, request), problem))
  })
  await limitRates(app)
  knowVisitors(app)
  serveAssets(app)
  readingPages(app, services)
  jobPages(app, services)
  formRoutes(app, services)
  eventsRoute(app, services, streams, changes)
}

async function answerError(
  services: Services,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (error instanceof NotHere) {
    const status = error.status ?? (request.method === 'GET' ? 404 : 409)
    return sendPage(reply.code(status), drawProblemPage(await visitOf(services, request), error.problem))
  }
  if (error instanceof Refusal)
    return sendPage(reply.code(error.statusCode), drawProblemPage(plainVisit(request), refused(error)))
  const status = error.statusCode ?? 500
  if (status < 500) {
    const problem = { title: 'The request is malformed', text: error.message }
    return sendPage(reply.code(status), drawProblemPage(plainVisit(request), problem))
  }
  if (isGivenUp(error))
    return sendPage(reply.code(503).header('retry-after', '10'), drawProblemPage(plainVisit(request), tooSlow))
  request.log.error({ err: error, url: request.url }, 'a page could not be drawn')
  if (isStorageFull(error)) return sendPage(reply.code(507), drawProblemPage(plainVisit(request), full))
  return sendPage(reply.code(503).header('retry-after', '5'), drawProblemPage(plainVisit(request), cannotAnswer))
}

const refused = ({ kind, message }: Refusal): Problem =>
  kind === 'not-signed-in'
    ? {
        title: 'Only administrators may do that',
        text: 'Your session has ended. Run ./farm admin where the farm is installed: it prints a link that signs this browser in.',
      }
    : { title: kind === 'too-many-requests' ? problemKinds[kind][1] : 'That was not done', text: sentenceOf(message) }

const tooSlow: Problem = {
  title: 'This page takes too long',
  text: `${sentenceOf(tookTooLong)} Hosts and their jobs are not affected.`,
}

const full: Problem = { title: problemKinds['storage-full'][1], text: sentenceOf(storageFull) }

const cannotAnswer: Problem = {
  title: 'The farm cannot answer now',
  text: 'Its database may be away; hosts go on with what they build. Load the page again in a moment. The server’s log has the reason.',
}
