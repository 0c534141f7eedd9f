import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { liveRoute } from '../../live/live-page.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { renderApprovalsPage } from './page.tsx'

export function approvalsRoute(app: FastifyInstance, services: Services): void {
  app.get('/approvals', liveRoute, async (request, reply) => {
    const [visit, requests] = await Promise.all([visitOf(services, request), services.farm.pullRequests.listWaiting()])
    return sendPage(reply, renderApprovalsPage({ visit, requests }))
  })
}
