import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord } from '../../query.ts'
import { visitOf } from '../../visit.ts'
import { renderHostsPage } from './page.tsx'

const pageSize = 200

export function hostsRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/hosts', async request => {
    const text = queryWord(request, 'q')?.trim()
    const found = await services.farm.hosts.list({ after: queryWord(request, 'after'), text, limit: pageSize + 1 })
    const hosts = found.slice(0, pageSize)
    const after = found.length > pageSize ? hosts.at(-1)?.name : undefined
    return renderHostsPage({ visit: await visitOf(services, request), hosts, text, after })
  })
}
