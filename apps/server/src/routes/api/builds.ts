import { api } from '@rumpfarm/contracts'
import { requireAdmin } from '../../auth/plugin.ts'
import type { BulkAnswers } from '../../http/ndjson.ts'
import { idOf, idOfCursor } from '../../http/pagination.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { findBuild } from './find.ts'
import { repeatable } from './repeatable.ts'
import { type ApiInstance, forAdmins, pageOrLines, refusals, refusalsFor } from './routes.ts'
import { sendList } from './send-list.ts'

export const builds = (services: Services, bulk: BulkAnswers) => async (app: ApiInstance) => {
  const { farm } = services
  app.get(
    '/builds',
    {
      schema: {
        tags: ['builds'],
        operationId: 'listBuilds',
        summary: 'Builds, newest first; as JSON or NDJSON',
        description: '`probes=false` leaves out the builds of bisections.',
        querystring: api.BuildFilter,
        response: { 200: pageOrLines(api.BuildSummaryPage, 'BuildSummary'), ...refusals },
      },
    },
    async (request, reply) => {
      const { cursor, project, probes } = request.query
      const read = (before: number | undefined, limit: number) => farm.builds.list({ project, probes, before, limit })
      const list = { read, keyOf: idOf, schema: api.ref(api.BuildSummary) }
      return sendList(bulk, { request, reply }, list, idOfCursor(cursor))
    },
  )

  app.get(
    '/builds/:id',
    {
      schema: {
        tags: ['builds'],
        operationId: 'getBuild',
        summary: 'A build with its jobs',
        description: 'Each job has the state and the verdict of its newest attempt.',
        params: api.IdParam,
        response: { 200: api.ref(api.Build), ...refusalsFor('unknown', 'expired') },
      },
    },
    request => findBuild(farm, request.params.id),
  )

  app.get(
    '/builds/:id/traits',
    {
      schema: {
        tags: ['builds'],
        operationId: 'getBuildTraits',
        summary: 'What the failing hosts of a build have in common',
        description:
          'For example a word size, a byte order, an operating system or a compiler that the failing hosts have and the passing hosts do not have.',
        params: api.IdParam,
        response: { 200: api.ref(api.BuildTraits), ...refusalsFor('unknown') },
      },
    },
    async request => {
      const { id } = await findBuild(farm, request.params.id)
      return { items: await farm.traits.ofBuild(id) }
    },
  )

  app.post(
    '/builds/:id/cancel',
    {
      onRequest: requireAdmin,
      ...repeatable(services),
      schema: {
        tags: ['builds'],
        operationId: 'cancelBuild',
        summary: 'Cancel all jobs of a build',
        description: 'A second request also succeeds; its answer has `"attempts": 0`.',
        security: forAdmins,
        params: api.IdParam,
        body: api.Nothing,
        response: { 200: api.ref(api.Cancelled), ...refusalsFor('unknown', 'key-in-use', 'key-used-before') },
      },
    },
    async (request, reply) => {
      const outcome = await farm.builds.cancel(request.params.id, request.allowedBy?.name)
      if (outcome.kind === 'unknown') return problem(reply, 'unknown', `there is no build ${request.params.id}`)
      return { attempts: outcome.kind === 'cancelled' ? outcome.attempts : 0 }
    },
  )
}
