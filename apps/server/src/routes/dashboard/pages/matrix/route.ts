import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noBranch, noProject } from '../problem/page-error.ts'
import { renderMatrixPage } from './page.tsx'
import { viewOf } from './view.ts'

export function matrixRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  app.get('/', async (request, reply) => {
    const view = viewOf(request)
    const { project, branch } = view
    const [visit, glance, matrix] = await Promise.all([
      visitOf(services, request),
      farm.matrix.glance(view),
      view.detailed ? farm.matrix.load(view) : undefined,
    ])
    if (project !== undefined && !glance.choices.projects.includes(project)) throw noProject(project)
    if (branch !== undefined && glance.projects.length === 0) throw noBranch(branch, project)
    return sendPage(reply, renderMatrixPage({ visit, glance, matrix, view }))
  })
}
