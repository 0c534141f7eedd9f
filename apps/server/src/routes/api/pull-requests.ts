import { api } from '@rumpfarm/contracts'
import type { DecisionOutcome } from '@rumpfarm/farm'
import type { FastifyRequest } from 'fastify'
import { requireAdmin } from '../../auth/plugin.ts'
import { idOf, idOfCursor, pageOf, pageSize } from '../../http/pagination.ts'
import { Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { decisionProblem } from '../../trigger/decision-problem.ts'
import { checkProject } from './find.ts'
import { type ApiInstance, forAdmins, refusalsFor } from './routes.ts'

/** Pull requests and merge requests of the forges. */
export const pullRequests = (services: Services) => async (app: ApiInstance) => {
  const { farm } = services
  app.get(
    '/projects/:name/pull-requests',
    {
      schema: {
        tags: ['pull requests'],
        operationId: 'listPullRequests',
        summary: 'Pull requests of a project, newest first',
        description: '`state=waiting` selects the open requests that an administrator must approve.',
        params: api.NameParam,
        querystring: api.PullRequestFilter,
        response: { 200: api.ref(api.PullRequestSummaryPage), ...refusalsFor('unknown-project') },
      },
    },
    async (request, reply) => {
      const { name: project } = request.params
      const { state, limit = pageSize, cursor } = request.query
      await checkProject(farm, project)
      const found = await farm.pullRequests.list({ project, state, before: idOfCursor(cursor), limit: limit + 1 })
      return pageOf(found, limit, idOf, { request, reply })
    },
  )

  app.get(
    '/projects/:name/pull-requests/:number',
    {
      schema: {
        tags: ['pull requests'],
        operationId: 'getPullRequest',
        summary: 'A pull request with its commits and their approvals',
        description: 'The builds of a pull request change no cell of a branch.',
        params: api.PullRequestParams,
        response: { 200: api.ref(api.PullRequest), ...refusalsFor('unknown-project', 'unknown') },
      },
    },
    async ({ params }) => findRequest(services, params),
  )

  app.post(
    '/projects/:name/pull-requests/:number/approve',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['pull requests'],
        operationId: 'approvePullRequest',
        summary: 'Allow the farm to build the newest commit of a pull request',
        description:
          'Read the changes first: the hosts run them. A later commit of the request needs its own approval.',
        security: forAdmins,
        params: api.PullRequestParams,
        body: api.DecidePullRequest,
        response: { 200: api.ref(api.PullRequest), ...refusalsFor('unknown-project', 'unknown', 'not-approvable') },
      },
    },
    async request => {
      checkDecision(await farm.pullRequests.approve(decisionOf(request)), request.params)
      return findRequest(services, request.params)
    },
  )

  app.post(
    '/projects/:name/pull-requests/:number/refuse',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['pull requests'],
        operationId: 'refusePullRequest',
        summary: 'Forbid the farm to build the newest commit of a pull request',
        description: 'The farm cancels its build. A later commit of the request can be approved.',
        security: forAdmins,
        params: api.PullRequestParams,
        body: api.DecidePullRequest,
        response: { 200: api.ref(api.PullRequest), ...refusalsFor('unknown-project', 'unknown', 'not-approvable') },
      },
    },
    async request => {
      checkDecision(await farm.pullRequests.refuse(decisionOf(request)), request.params)
      return findRequest(services, request.params)
    },
  )
}

interface Params {
  name: string
  number: number
}

const decisionOf = ({
  params,
  body,
  allowedBy,
}: Pick<FastifyRequest<{ Params: Params; Body: api.DecidePullRequest }>, 'params' | 'body' | 'allowedBy'>) => ({
  project: params.name,
  number: params.number,
  commit: body.commit,
  by: allowedBy?.name ?? 'administrator',
})

function checkDecision(outcome: DecisionOutcome, { name, number }: Params): void {
  if (outcome.kind === 'approved' || outcome.kind === 'refused') return
  const { kind, detail } = decisionProblem(outcome, { project: name, number })
  throw new Refusal(kind, detail)
}

async function findRequest({ farm }: Services, { name, number }: Params) {
  await checkProject(farm, name)
  const request = await farm.pullRequests.find(name, number)
  if (!request) throw new Refusal('unknown', `the farm knows no pull request ${number} of ${name}`)
  return { ...request, commits: await farm.pullRequests.listCommits(request.id) }
}
