import { api } from '@rumpfarm/contracts'
import type { Matrix } from '@rumpfarm/farm'
import accepts from 'accepts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerProblem, unknownProject } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
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
            ...refusalsFor('unknown-project', 'unknown-branch'),
          },
        },
      },
      async (request, reply) => {
        const { format, ...filter } = request.query
        const { project, branch } = filter
        const known = project === undefined ? undefined : await farm.projects.list()
        if (project !== undefined && !known?.has(project))
          return answerProblem(reply, unknownProject(project, [...(known?.keys() ?? [])]))
        const value = await farm.matrix.load(filter)
        if (branch !== undefined && value.projects.length === 0)
          return unknownBranch(reply, branch, project && (await farm.matrix.load({ project })))
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

function unknownBranch(reply: FastifyReply, branch: string, matrix: Matrix | '' | undefined): FastifyReply {
  const built = matrix ? matrix.branches.flatMap(({ built: names }) => names) : []
  const whose = matrix ? matrix.projects.join(', ') : 'any project'
  const known = built.length > 0 ? `; branches with builds: ${built.join(', ')}` : ''
  return problem(reply, 'unknown-branch', `the farm has built no commit of branch ${branch} of ${whose}${known}`, {
    known: built,
  })
}

const formats: Record<string, Format> = { 'application/json': 'json', 'text/plain': 'text', 'text/csv': 'csv' }

/** Returns the format that the request prefers, or JSON if it names none of the farm's formats. */
function acceptedFormat({ raw }: FastifyRequest): Format {
  const type = accepts(raw).type(Object.keys(formats))
  return (typeof type === 'string' && formats[type]) || 'json'
}
