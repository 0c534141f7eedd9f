import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isAdmin } from '../../../../auth/plugin.ts'
import { missingBranch } from '../../../../http/problems/missing-branch.ts'
import type { Services } from '../../../../services.ts'
import { renderFragment } from '../../components/layout.tsx'
import { queryWord } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { anonymousVisit, visitOf } from '../../visit.ts'
import { noCellsOf, noHost, noProject } from '../problem/page-error.ts'
import { BoxCells, renderBoxPage } from './page.tsx'

type Request = FastifyRequest<{ Params: { host: string; arch: string } }>

/**
 * The page of one box of the matrix: all cells of a host and an arch. With `part=1`, only the part that the matrix page
 * shows in its panel.
 */
export function boxRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  app.get('/cells/:host/:arch', async (request: Request, reply) => {
    const { host, arch } = request.params
    const [project, branch, variant] = ['project', 'branch', 'variant'].map(name => queryWord(request, name))
    const box = await farm.matrix.box({ host, arch, project, branch, variant })
    if (!box.host) throw noHost(host)
    if (box.cells.length === 0 && project !== undefined && !(await farm.projects.list()).has(project))
      throw noProject(project)
    if (box.cells.length === 0 && branch !== undefined) throw noCellsOf(await missingBranch(farm, branch, project))
    const view = { project, branch, variant }
    if (queryWord(request, 'part') === '1') {
      const visit = anonymousVisit(request)
      const fragment = <BoxCells box={box} view={view} heading="h2" admin={isAdmin(request)} />
      return sendPage(reply, renderFragment(visit, fragment))
    }
    return sendPage(reply, renderBoxPage({ visit: await visitOf(services, request), box, view }))
  })
}
