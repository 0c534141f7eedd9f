import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { visitOf } from '../../visit.ts'
import { renderBisectionsPage } from './page.tsx'

const pageSize = 50

export function bisectionsRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/bisections', async request => {
    const project = queryWord(request, 'project')
    const before = wholeNumber(queryWord(request, 'before'))
    const found = await services.farm.bisections.list({ project, before, limit: pageSize + 1 })
    const bisections = found.slice(0, pageSize)
    const next = found.length > pageSize ? bisections.at(-1)?.id : undefined
    const visit = await visitOf(services, request)
    return renderBisectionsPage({ visit, bisections, project, before: next })
  })
}
