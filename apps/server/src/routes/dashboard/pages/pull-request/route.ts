import type { Farm, PullRequestView } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { liveRoute } from '../../live/live-page.ts'
import { wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noPullRequest } from '../problem/page-error.ts'
import { whyNoHost } from './no-host.ts'
import { type NewestBuild, renderPullRequestPage } from './page.tsx'

export function pullRequestRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  type Request = FastifyRequest<{ Params: { name: string; number: string } }>
  app.get('/projects/:name/pull-requests/:number', liveRoute, async (request: Request, reply) => {
    const { name, number } = request.params
    const found = await farm.pullRequests.find(name, wholeNumber(number) ?? 0)
    if (!found) throw noPullRequest(number, name)
    const [visit, commits, newest] = await Promise.all([
      visitOf(services, request),
      farm.pullRequests.listCommits(found.id),
      newestBuild(farm, found),
    ])
    return sendPage(reply, renderPullRequestPage({ visit, request: found, commits, newest }))
  })
}

async function newestBuild(farm: Farm, { buildId }: PullRequestView): Promise<NewestBuild | null> {
  if (buildId === null) return null
  const [build, effects] = await Promise.all([farm.builds.find(buildId), farm.builds.effects(buildId)])
  return build ? { build, effects, noHost: await whyNoHost(farm, build) } : null
}
