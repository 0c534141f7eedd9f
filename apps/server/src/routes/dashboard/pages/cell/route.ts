import type { CellAddress, CellOutcome, CellView } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import type { CellBisection } from '../../components/bisection.tsx'
import { livePage } from '../../live/live-page.ts'
import { queryWord } from '../../query.ts'
import { type Visit, visitOf } from '../../visit.ts'
import { noBranch, noCell, noProject } from '../problem/page-error.ts'
import { renderCellPage } from './page.tsx'

type CellRequest = FastifyRequest<{ Params: { name: string; host: string; arch: string; variant: string } }>

export function cellRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/projects/:name/cells/:host/:arch/:variant', async (request: CellRequest) => {
    const { name: project, ...rest } = request.params
    const address = { project, ...rest, branch: queryWord(request, 'branch') }
    const [visit, outcome] = await Promise.all([visitOf(services, request), services.farm.cells.find(address)])
    const cell = cellOf(address, outcome)
    const [first] = cell.open
    const [next, bisection] = await Promise.all([
      first && services.farm.queue.find({ id: first.jobId, host: cell.host }),
      bisectionOf(services, visit, cell),
    ])
    return renderCellPage({ visit, cell, next, bisection })
  })
}

/**
 * The newest bisection of a failing cell, and for administrators the price of another one. Others cannot start one, and
 * the price needs a third of the page's time.
 */
async function bisectionOf({ farm }: Services, visit: Visit, cell: CellView): Promise<CellBisection | undefined> {
  const { project, branch, host, arch, variant, last } = cell
  const fails = last?.verdict === 'failed' || last?.verdict === 'timed-out'
  if (!last || (!fails && last.state !== 'flaky')) return undefined
  const key = { project, branch, host, arch, variant }
  const [newest, quote] = await Promise.all([
    farm.bisections.findOfCell(key),
    visit.admin ? farm.bisections.quote(key) : undefined,
  ])
  return { cell: key, newest, quote, regression: last.lastGood !== null }
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
