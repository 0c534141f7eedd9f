import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { liveRoute } from '../../live/live-page.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noProject } from '../problem/page-error.ts'
import { listStates, renderPullRequestsPage } from './page.tsx'

const shownMax = 50

export function pullRequestsRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  type Request = FastifyRequest<{ Params: { name: string } }>
  app.get('/projects/:name/pull-requests', liveRoute, async (request: Request, reply) => {
    const { name } = request.params
    const [projects, configs, visit] = await Promise.all([
      farm.projects.list(),
      farm.projects.configs(),
      visitOf(services, request),
    ])
    if (!projects.has(name)) throw noProject(name)
    const state = listStates.find(one => one === queryWord(request, 'state')) ?? 'open'
    const found = await farm.pullRequests.list({
      project: name,
      state: state === 'all' ? undefined : state,
      before: wholeNumber(queryWord(request, 'before')),
      limit: shownMax + 1,
    })
    const requests = found.slice(0, shownMax)
    const before = found.length > shownMax ? requests.at(-1)?.id : undefined
    const enabled = configs.get(name)?.pullRequests !== undefined
    return sendPage(reply, renderPullRequestsPage({ visit, project: name, enabled, requests, state, before }))
  })
}
