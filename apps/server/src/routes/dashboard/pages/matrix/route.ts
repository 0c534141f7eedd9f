import { setImmediate as nextTurn } from 'node:timers/promises'
import { cellLook, isTrouble, type Matrix } from '@rumpfarm/farm'
import type { FastifyInstance } from 'fastify'
import { MatrixMemory } from '../../../../events/matrix-memory.ts'
import { missingBranch } from '../../../../http/problems/missing-branch.ts'
import type { Services } from '../../../../services.ts'
import { SharedPages } from '../../live/shared-pages.ts'
import { visitOf } from '../../visit.ts'
import { noCellsOf, noProject } from '../problem/page-error.ts'
import { type MatrixBody, renderMatrixBody, renderMatrixPage } from './page.tsx'
import { type MatrixView, viewOf } from './view.ts'

export function matrixRoute(app: FastifyInstance, services: Services): void {
  const { publicPath } = app
  const memory = new MatrixMemory<MatrixBody>(services.bus)
  const pages = new SharedPages(services.bus)
  app.addHook('onClose', async () => {
    memory.close()
    pages.close()
  })
  app.get('/', async (request, reply) =>
    pages.send(request, reply, async wanted => {
      const view = viewOf(request)
      const [visit, { value: body, since }] = await Promise.all([
        visitOf(services, request),
        // The body is the same for every visitor. Their names and form tokens are in the rest of the page.
        memory.get(JSON.stringify(view), () => bodyOf(services, view, publicPath), wanted),
      ])
      await nextTurn()
      const at = new Date(Math.min(since, request.arrivedAt))
      return renderMatrixPage({ ...visit, at }, body)
    }),
  )
}

async function bodyOf({ farm }: Services, view: MatrixView, publicPath: string): Promise<MatrixBody> {
  const { project, branch } = view
  const [glance, matrix, repositories] = await Promise.all([
    farm.matrix.glance(view),
    view.detailed ? farm.matrix.load(view) : undefined,
    farm.projects.repositories(),
  ])
  if (project !== undefined && !glance.choices.projects.includes(project)) throw noProject(project)
  if (branch !== undefined && glance.projects.length === 0) throw noCellsOf(await missingBranch(farm, branch, project))
  await nextTurn() // as in `glance`
  return renderMatrixBody({ publicPath, repositories, glance, matrix: matrix && filtered(matrix, view), view })
}

/** The table shows only the hosts with a cell that belongs to the filter. */
function filtered(matrix: Matrix, { status, trouble, empty }: MatrixView): Matrix {
  if (status === undefined && !trouble) return matrix
  const cells = matrix.cells.filter(cell => {
    const look = cellLook(cell, matrix.at)
    return (status === undefined || look === status) && (!trouble || isTrouble(look))
  })
  const hosts = new Set(cells.map(({ host }) => host))
  return { ...matrix, cells, hosts: empty ? matrix.hosts : matrix.hosts.filter(({ name }) => hosts.has(name)) }
}
