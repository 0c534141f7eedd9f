import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { queryWord } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noBranch, noProject } from '../problem/page-error.ts'
import { renderMatrixPage } from './page.tsx'

export function matrixRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  app.get('/', async (request, reply) => {
    const project = queryWord(request, 'project')
    const branch = queryWord(request, 'branch')
    const [visit, matrix, all] = await Promise.all([
      visitOf(services, request),
      farm.matrix.load({ project, branch }),
      // The matrix of all projects already contains the list of all projects.
      project === undefined && branch === undefined ? undefined : farm.projects.list(),
    ])
    const projects = all ? [...all.keys()] : matrix.projects
    if (project !== undefined && !projects.includes(project)) throw noProject(project)
    if (branch !== undefined && matrix.projects.length === 0) throw noBranch(branch, project)
    return sendPage(reply, renderMatrixPage({ visit, matrix, projects, project, branch }))
  })
}
