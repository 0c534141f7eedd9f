import type { FastifyInstance } from 'fastify'
import { identifyVisitors } from '../../auth/plugin.ts'
import { farmTime } from '../../farm-time.ts'
import { compressAnswers } from '../../http/compression.ts'
import { acceptForms } from '../../http/html-forms.ts'
import { limitRates } from '../../http/rate-limits.ts'
import type { Services } from '../../services.ts'
import { serveAssets } from './assets.ts'
import { Changes } from './live/changes.ts'
import { eventsRoute } from './live/events-route.ts'
import { SharedPages } from './live/shared-pages.ts'
import type { Streams } from './live/stream.ts'
import { acknowledgementForms } from './pages/acknowledgement/forms.ts'
import { approvalsRoute } from './pages/approvals/route.ts'
import { bisectionForms } from './pages/bisection/forms.ts'
import { bisectionRoute } from './pages/bisection/route.ts'
import { bisectionsRoute } from './pages/bisections/route.ts'
import { boxRoute } from './pages/box/route.tsx'
import { buildForms } from './pages/build/forms.ts'
import { buildRoute } from './pages/build/route.ts'
import { buildTestsRoute } from './pages/build-tests/route.ts'
import { buildsRoute } from './pages/builds/route.ts'
import { cellRoute } from './pages/cell/route.ts'
import { commitsRoute } from './pages/commits/route.ts'
import { compareRoute } from './pages/compare/route.ts'
import { deliveriesRoute } from './pages/deliveries/route.ts'
import { deliveryRoute } from './pages/delivery/route.ts'
import { hostForms } from './pages/host/forms.ts'
import { hostRoute } from './pages/host/route.ts'
import { hostsRoute } from './pages/hosts/route.ts'
import { inviteRoute } from './pages/invite/route.ts'
import { jobForms } from './pages/job/forms.ts'
import { jobRoute } from './pages/job/route.ts'
import { jobTestsRoute } from './pages/job-tests/route.ts'
import { lastGoodRoute } from './pages/last-good/route.ts'
import { matrixRoute } from './pages/matrix/route.ts'
import { notificationsRoute } from './pages/notifications/route.ts'
import { answerError, answerUnknownPath } from './pages/problem/error-handler.ts'
import { projectForms } from './pages/project/forms.ts'
import { projectRoute } from './pages/project/route.ts'
import { projectTestsRoute } from './pages/project-tests/route.ts'
import { pullRequestForms } from './pages/pull-request/forms.ts'
import { pullRequestRoute } from './pages/pull-request/route.ts'
import { pullRequestsRoute } from './pages/pull-requests/route.ts'
import { queueRoute } from './pages/queue/route.ts'
import { retentionRoute } from './pages/retention/route.ts'
import { retryRoutes } from './pages/retry/routes.ts'
import { subscriptionRoutes } from './pages/subscriptions/route.ts'
import { testHistoryRoute } from './pages/test-history/route.ts'
import { webhookTestRoute } from './pages/webhook-test/route.ts'
import { webhooksRoute } from './pages/webhooks/route.ts'

/**
 * The pages for people. The server renders them, so each page is complete without JavaScript. With JavaScript, a page
 * updates itself.
 */
export const dashboardPlugin = (services: Services, streams: Streams) => async (app: FastifyInstance) => {
  const changes = new Changes(services.bus)
  app.decorate('livePages', new SharedPages(services.bus, { onlyAfterEvents: true }))
  app.addHook('onClose', async () => {
    changes.close()
    app.livePages.close()
  })
  app.decorateRequest('arrivedAt', 0)
  app.addHook('onRequest', async request => {
    request.arrivedAt = farmTime()
  })
  app.setErrorHandler(answerError(services))
  app.setNotFoundHandler(answerUnknownPath(services))
  await limitRates(app, 'pages')
  identifyVisitors(app)
  acceptForms(app)
  serveAssets(app)
  compressAnswers(app)

  matrixRoute(app, services)
  boxRoute(app, services)
  bisectionsRoute(app, services)
  bisectionRoute(app, services)
  bisectionForms(app, services)
  buildsRoute(app, services)
  buildRoute(app, services)
  buildForms(app, services)
  jobRoute(app, services)
  jobForms(app, services)
  retryRoutes(app, services)
  compareRoute(app, services)
  queueRoute(app, services)
  hostsRoute(app, services)
  hostRoute(app, services)
  hostForms(app, services)
  inviteRoute(app, services)
  notificationsRoute(app, services)
  retentionRoute(app, services)
  await subscriptionRoutes(app, services)
  deliveriesRoute(app, services)
  deliveryRoute(app, services)
  webhookTestRoute(app, services)
  webhooksRoute(app, services)
  projectRoute(app, services)
  projectForms(app, services)
  pullRequestsRoute(app, services)
  pullRequestRoute(app, services)
  pullRequestForms(app, services)
  approvalsRoute(app, services)
  acknowledgementForms(app, services)
  jobTestsRoute(app, services)
  buildTestsRoute(app, services)
  projectTestsRoute(app, services)
  testHistoryRoute(app, services)
  cellRoute(app, services)
  commitsRoute(app, services)
  lastGoodRoute(app, services)
  eventsRoute(app, services, streams, changes)
}
