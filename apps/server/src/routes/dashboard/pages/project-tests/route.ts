import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noProject } from '../problem/page-error.ts'
import { renderProjectTestsPage } from './page.tsx'

const searchMax = 200

/** The tests of a project. */
export function projectTestsRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  app.get('/projects/:name/tests', async (request: FastifyRequest<{ Params: { name: string } }>, reply) => {
    const { name } = request.params
    if (!(await farm.projects.list()).has(name)) throw noProject(name)
    const search = queryWord(request, 'q')?.slice(0, searchMax)
    const after = wholeNumber(queryWord(request, 'after'))
    const [found, visit] = await Promise.all([
      farm.testResults.ofProject(name, { search, after }),
      visitOf(services, request),
    ])
    return sendPage(reply, renderProjectTestsPage({ visit, project: name, found, search, after }))
  })
}
