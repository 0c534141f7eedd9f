import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { visitOf } from '../../visit.ts'
import { renderBuildsPage } from './page.tsx'

const pageSize = 50

export function buildsRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/builds', async request => {
    const project = queryWord(request, 'project')
    const before = wholeNumber(queryWord(request, 'before'))
    const text = queryWord(request, 'q')?.trim()
    const probes = queryWord(request, 'probes') !== 'no'
    const { builds: all } = services.farm
    const found = text
      ? await all.search({ text, project, limit: pageSize })
      : await all.list({ project, probes, before, limit: pageSize + 1 })
    const builds = found.slice(0, pageSize)
    const next = found.length > pageSize ? builds.at(-1)?.id : undefined
    const visit = await visitOf(services, request)
    return renderBuildsPage({ visit, builds, project, text, probes, before: next })
  })
}
