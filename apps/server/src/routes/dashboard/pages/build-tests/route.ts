import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { missingBuild } from '../problem/missing.ts'
import { renderBuildTestsPage } from './page.tsx'

/** The tests that fail in a build, and the tests that it has fixed. */
export function buildTestsRoute(app: FastifyInstance, services: Services): void {
  app.get('/builds/:id/tests', async (request: FastifyRequest<{ Params: { id: string } }>, reply) => {
    const id = wholeNumber(request.params.id)
    const build = id === undefined ? undefined : await services.farm.builds.find(id)
    if (!build) throw await missingBuild(services.farm, request.params.id)
    const [found, visit] = await Promise.all([services.farm.testResults.ofBuild(build.id), visitOf(services, request)])
    return sendPage(reply, renderBuildTestsPage({ visit, build, found }))
  })
}
