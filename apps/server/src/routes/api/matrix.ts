import { api } from '@rumpfarm/contracts'
import accepts from 'accepts'
import type { FastifyRequest } from 'fastify'
import type { Services } from '../../services.ts'
import { checkMatrixBranch, checkProject } from './find.ts'
import { matrixCsv, matrixText } from './matrix-formats.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'

type Format = (typeof api.matrixFormats)[number]

export const matrix =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/matrix',
      {
        schema: {
          tags: ['matrix'],
          operationId: 'getMatrix',
          summary: 'Matrix of a branch: newest results by host and arch; as JSON, text or CSV',
          description:
            'Without `branch`, the main branch of each project. `format`, or else the header Accept, selects the format.',
          querystring: api.MatrixFilter,
          response: {
            200: {
              description: 'The matrix',
              content: {
                'application/json': { schema: api.ref(api.Matrix) },
                'text/plain': { schema: { type: 'string' } },
                'text/csv': { schema: { type: 'string' } },
              },
            },
            ...refusalsFor('unknown-project', 'unknown-branch', 'deleted-branch'),
          },
        },
      },
      async (request, reply) => {
        const { format, ...filter } = request.query
        const { project, branch } = filter
        if (project !== undefined) await checkProject(farm, project)
        const value = await farm.matrix.load(filter)
        if (branch !== undefined && value.projects.length === 0)
          await checkMatrixBranch(farm, { project, branch, publicPath: app.publicPath })
        reply.header('vary', 'Accept')
        switch (format ?? acceptedFormat(request)) {
          case 'text':
            return reply.type('text/plain; charset=utf-8').send(matrixText(value))
          case 'csv':
            return reply.type('text/csv; charset=utf-8; header=present').send(matrixCsv(value))
          default:
            return reply.type('application/json; charset=utf-8').send(value)
        }
      },
    )
  }

const formats: Record<string, Format> = { 'application/json': 'json', 'text/plain': 'text', 'text/csv': 'csv' }

/** Returns the format that the request prefers, or JSON if it names none of the farm's formats. */
function acceptedFormat({ raw }: FastifyRequest): Format {
  const type = accepts(raw).type(Object.keys(formats))
  return (typeof type === 'string' && formats[type]) || 'json'
}
