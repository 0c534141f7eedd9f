import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { visitOf } from '../../visit.ts'
import { missingBuild } from '../problem/missing.ts'
import { whyNoHost } from '../pull-request/no-host.ts'
import type { BuildFindings } from './findings.tsx'
import { renderBuildPage } from './page.tsx'

export function buildRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/builds/:id', async (request: FastifyRequest<{ Params: { id: string } }>) => {
    const id = wholeNumber(request.params.id)
    const build = id === undefined ? undefined : await services.farm.builds.find(id)
    if (!build) throw await missingBuild(services.farm, request.params.id)
    const builtBefore = queryWord(request, 'built') === 'before'
    const allJobs = queryWord(request, 'jobs') === 'all'
    const { farm } = services
    const [visit, tests, findings, effects, failures, pullRequest, noHost] = await Promise.all([
      visitOf(services, request),
      farm.testResults.countsOfBuild(build.id),
      findingsOf(services, build.id),
      farm.builds.effects(build.id),
      farm.failures.ofBuild({ buildId: build.id }),
      build.pullRequestId === null ? undefined : farm.pullRequests.findById(build.pullRequestId),
      build.kind === 'pull-request' ? whyNoHost(farm, build) : null,
    ])
    return renderBuildPage({
      visit,
      build,
      builtBefore,
      allJobs,
      tests,
      findings,
      effects,
      failures,
      pullRequest,
      noHost,
    })
  })
}

async function findingsOf({ farm }: Services, buildId: number): Promise<BuildFindings> {
  const [traits, bisections] = await Promise.all([farm.traits.ofBuild(buildId), farm.bisections.listOfBuild(buildId)])
  return { traits, bisections }
}
