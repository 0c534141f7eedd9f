import { api } from '@rumpfarm/contracts'
import type { BoxView, Cause, Glance } from '@rumpfarm/farm'
import { Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { checkMatrixBranch, checkProject } from './find.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'

/** Two parts of the matrix page: its boxes, and its news. */
export const matrixParts =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/matrix/boxes/:host/:arch',
      {
        schema: {
          tags: ['matrix'],
          operationId: 'getMatrixBox',
          summary: 'One box of the matrix: all cells of a host and an arch',
          description: 'Also which commits could have broken each failing cell, and where else it fails.',
          params: api.BoxParam,
          querystring: api.BoxFilter,
          response: {
            200: api.ref(api.MatrixBox),
            ...refusalsFor('unknown', 'unknown-project', 'unknown-branch', 'deleted-branch'),
          },
        },
      },
      async (request): Promise<BoxView> => {
        const { host } = request.params
        const { project, branch } = request.query
        if (project !== undefined) await checkProject(farm, project)
        const box = await farm.matrix.box({ ...request.params, ...request.query })
        if (!box.host) throw new Refusal('unknown', `there is no host ${host}`)
        if (box.cells.length === 0 && branch !== undefined)
          await checkMatrixBranch(farm, { project, branch, publicPath: app.publicPath })
        return box
      },
    )

    app.get(
      '/matrix/news',
      {
        schema: {
          tags: ['matrix'],
          operationId: 'getMatrixNews',
          summary: 'What changed in the matrix: new failures and corrections by cause, silent hosts, the longest wait',
          description:
            'Cells with the same failure, or whose failure began with the same commit at the same step, are one cause. Without `branch`, the main branch of each project.',
          querystring: api.NewsFilter,
          response: {
            200: api.ref(api.MatrixNews),
            ...refusalsFor('unknown-project', 'unknown-branch', 'deleted-branch'),
          },
        },
      },
      async request => {
        const { project, branch } = request.query
        if (project !== undefined) await checkProject(farm, project)
        const glance = await farm.matrix.glance(request.query)
        if (branch !== undefined && glance.projects.length === 0)
          await checkMatrixBranch(farm, { project, branch, publicPath: app.publicPath })
        return newsView(glance)
      },
    )
  }

function newsView({ at, news }: Glance) {
  const { failing, fixed, still, ...rest } = news
  return { at, ...rest, failing: failing.map(causeView), fixed: fixed.map(causeView), still: still.map(causeView) }
}

const causeView = (cause: Cause) => ({
  ...cause,
  cells: cause.cells.map(({ host, arch, variant, jobId }) => ({ host, arch, variant, jobId })),
})
