import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { queryWord } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { renderQueuePage } from './page.tsx'

export function queueRoute(app: FastifyInstance, services: Services): void {
  app.get('/queue', async (request, reply) => {
    const filter = { host: queryWord(request, 'host'), project: queryWord(request, 'project') }
    const [visit, queue] = await Promise.all([visitOf(services, request), services.farm.queue.list(filter)])
    return sendPage(reply, renderQueuePage({ visit, queue, filter }))
  })
}
