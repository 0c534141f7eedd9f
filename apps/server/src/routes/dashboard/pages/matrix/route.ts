import { cellLook, isTrouble, type Matrix } from '@rumpfarm/farm'
import type { FastifyInstance } from 'fastify'
import type { Services } from '../../../../services.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noBranch, noProject } from '../problem/page-error.ts'
import { renderMatrixPage } from './page.tsx'
import { type MatrixView, viewOf } from './view.ts'

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
    return sendPage(reply, renderMatrixPage({ visit, glance, matrix: matrix && filtered(matrix, view), view }))
  })
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
