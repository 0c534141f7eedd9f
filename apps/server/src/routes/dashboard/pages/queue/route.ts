import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord } from '../../query.ts'
import { visitOf } from '../../visit.ts'
import { renderQueuePage } from './page.tsx'

export function queueRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/queue', async request => {
    const filter = { host: queryWord(request, 'host'), project: queryWord(request, 'project') }
    const [visit, queue] = await Promise.all([visitOf(services, request), services.farm.queue.list(filter)])
    return renderQueuePage({ visit, queue, filter })
  })
}
