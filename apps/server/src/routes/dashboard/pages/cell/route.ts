import type { CellAddress, CellOutcome, CellView } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { queryWord } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noBranch, noCell, noProject } from '../problem/page-error.ts'
import { renderCellPage } from './page.tsx'

type CellRequest = FastifyRequest<{ Params: { name: string; host: string; arch: string; variant: string } }>

export function cellRoute(app: FastifyInstance, services: Services): void {
  app.get('/projects/:name/cells/:host/:arch/:variant', async (request: CellRequest, reply) => {
    const { name: project, ...rest } = request.params
    const address = { project, ...rest, branch: queryWord(request, 'branch') }
    const [visit, outcome] = await Promise.all([visitOf(services, request), services.farm.cells.find(address)])
    const cell = cellOf(address, outcome)
    const next = cell.open[0] && (await services.farm.queue.find({ id: cell.open[0].jobId, host: cell.host }))
    return sendPage(reply, renderCellPage({ visit, cell, next }))
  })
}

function cellOf({ project, host, arch, variant }: CellAddress, outcome: CellOutcome): CellView {
  switch (outcome.kind) {
    case 'found':
      return outcome.cell
    case 'unknown-project':
      throw noProject(project)
    case 'unknown-branch':
      throw noBranch(outcome.branch, project)
    case 'unknown-cell':
      throw noCell(`${host} ${arch} ${variant}`, project)
  }
}
