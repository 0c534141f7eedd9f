import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord } from '../../query.ts'
import { visitOf } from '../../visit.ts'
import { noBranch, noProject } from '../problem/page-error.ts'
import { cellsShown, renderLastGoodPage } from './page.tsx'

export function lastGoodRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/projects/:name/last-good', async (request: FastifyRequest<{ Params: { name: string } }>) => {
    const { farm } = services
    const { name } = request.params
    const [visit, found] = await Promise.all([
      visitOf(services, request),
      farm.cells.findBranch(name, queryWord(request, 'branch')),
    ])
    if (found.kind === 'unknown-project') throw noProject(name)
    if (found.kind === 'unknown-branch') throw noBranch(found.branch, name)
    const { branch, branches, removedAt: deletedAt } = found
    const host = queryWord(request, 'host')
    const cells = await farm.cells.lastGood({ project: name, branch }, { host, limit: cellsShown + 1 })
    return renderLastGoodPage({ visit, project: name, branch, branches, deletedAt, host, cells })
  })
}
