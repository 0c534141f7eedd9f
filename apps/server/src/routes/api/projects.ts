import { sameRepository } from '@rumpfarm/connectors'
import { api } from '@rumpfarm/contracts'
import { requireTrigger } from '../../auth/plugin.ts'
import { nameOfCursor, pageOf, pageSize } from '../../http/pagination.ts'
import { answerProblem, unknownProject } from '../../http/problems/outcomes.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, forAdmins, refusals, refusalsFor } from './routes.ts'
import { answerTrigger } from './trigger.ts'

export const projects = (services: Services) => async (app: ApiInstance) => {
  const { farm } = services

  app.get(
    '/projects',
    {
      schema: {
        tags: ['projects'],
        operationId: 'listProjects',
        summary: 'Projects, sorted by name',
        description:
          'The projects of farm.yaml, with all defaults. While farm.yaml has errors, its last version without errors counts. `repository` selects the projects of a repository, whatever the form of its address.',
        querystring: api.ProjectFilter,
        response: { 200: api.ref(api.ProjectPage), ...refusals },
      },
    },
    async (request, reply) => {
      const { limit = pageSize, cursor, repository } = request.query
      const after = nameOfCursor(cursor)
      const all = [...(await farm.projects.list()).values()]
        .filter(({ name }) => after === undefined || name > after)
        .filter(one => repository === undefined || sameRepository(one.repository, repository, { anyCase: true }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)) // the order of the filter, not that of the database
      return pageOf(all, limit, ({ name }) => name, { request, reply })
    },
  )

  app.get(
    '/projects/:name',
    {
      schema: {
        tags: ['projects'],
        operationId: 'getProject',
        summary: 'One project',
        description: 'Its repository, branches, hosts, variants, limits and recipe, with all defaults.',
        params: api.NameParam,
        response: { 200: api.ref(api.Project), ...refusalsFor('unknown-project') },
      },
    },
    async (request, reply) => {
      const all = await farm.projects.list()
      const project = all.get(request.params.name)
      return project ?? answerProblem(reply, unknownProject(request.params.name, [...all.keys()]))
    },
  )

  app.post(
    '/projects/:name/builds',
    {
      onRequest: requireTrigger,
      schema: {
        tags: ['builds'],
        operationId: 'triggerBuild',
        summary: 'Build a project at a commit; the answer to an identical request is the existing build',
        description:
          'The header Idempotency-Key makes a retry safe: a request with a known key creates no second build.',
        security: forAdmins,
        params: api.NameParam,
        body: api.TriggerBuild,
        response: {
          200: api.ref(api.TriggeredBuild),
          201: api.ref(api.TriggeredBuild),
          ...refusalsFor(
            'unknown-project',
            'no-such-commit',
            'fork-commit',
            'repository-problem',
            'branch-not-built',
            'tag-not-built',
            'no-such-cell',
            'key-used-before',
          ),
        },
      },
    },
    async (request, reply) => answerTrigger(services, request, reply),
  )
}
