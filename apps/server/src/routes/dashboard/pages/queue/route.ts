import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord } from '../../query.ts'
import { visitOf } from '../../visit.ts'
import { renderQueuePage, shownMax } from './page.tsx'
import { supersededMax } from './superseded.tsx'

export function queueRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/queue', async request => {
    const filter = { host: queryWord(request, 'host'), project: queryWord(request, 'project') }
    const { queue: reader } = services.farm
    const [visit, queue, superseded] = await Promise.all([
      visitOf(services, request),
      reader.list({ ...filter, limit: { waiting: shownMax, blocked: shownMax, running: shownMax } }),
      reader.listSuperseded({ ...filter, limit: supersededMax + 1 }),
    ])
    return renderQueuePage({ visit, queue, superseded, filter })
  })
}
