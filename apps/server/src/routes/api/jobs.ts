import { api, jobIdMax } from '@rumpfarm/contracts'
import { refuseJobFilter } from '@rumpfarm/farm'
import { requireAdmin } from '../../auth/plugin.ts'
import type { BulkAnswers } from '../../http/ndjson.ts'
import { idOf, idOfCursor } from '../../http/pagination.ts'
import { answerProblem, unknownJob } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { findJob } from './find.ts'
import { repeatable } from './repeatable.ts'
import { type ApiInstance, forAdmins, pageOrLines, refusals, refusalsFor } from './routes.ts'
import { sendList } from './send-list.ts'

export const jobs = (services: Services, bulk: BulkAnswers) => async (app: ApiInstance) => {
  const { farm } = services
  app.get(
    '/jobs',
    {
      schema: {
        tags: ['jobs'],
        operationId: 'listJobs',
        summary: 'Jobs, newest first; as JSON or NDJSON',
        description:
          'Each job has the state and the verdict of its newest attempt. `status` is a state, a verdict, or `active`. `project` and `status` go with one of `host`, `arch` and `variant`. With `build`, all filters go together. The farm refuses other combinations.',
        querystring: api.JobFilter,
        response: { 200: pageOrLines(api.JobSummaryPage, 'JobSummary'), ...refusals },
      },
    },
    async (request, reply) => {
      const { limit: _limit, format: _format, cursor, build, ...filter } = request.query
      const refused = refuseJobFilter({ ...filter, buildId: build })
      if (refused !== undefined) return problem(reply, 'invalid', refused)
      const read = (before: number | undefined, limit: number) =>
        farm.builds.listJobs({ ...filter, buildId: build, before, limit })
      const list = { read, keyOf: idOf, schema: api.ref(api.JobSummary) }
      return sendList(bulk, { request, reply }, list, idOfCursor(cursor, jobIdMax))
    },
  )

  app.get(
    '/jobs/:id',
    {
      schema: {
        tags: ['jobs'],
        operationId: 'getJob',
        summary: 'A job with its attempts and its recipe',
        description:
          'The newest attempt is first. `lastGood` is the last good job of the same host, arch, variant and branch.',
        params: api.IdParam,
        response: { 200: api.ref(api.Job), ...refusalsFor('unknown', 'expired') },
      },
    },
    async request => {
      return findJob(farm, request.params.id)
    },
  )

  const change = { tags: ['jobs'], security: forAdmins, params: api.IdParam, body: api.Nothing }

  app.post(
    '/jobs/:id/cancel',
    {
      onRequest: requireAdmin,
      ...repeatable(services),
      schema: {
        ...change,
        operationId: 'cancelJob',
        summary: 'Cancel a job',
        description: 'A second request also succeeds; its answer has `"attempts": 0`.',
        response: { 200: api.ref(api.Cancelled), ...refusalsFor('unknown', 'key-in-use', 'key-used-before') },
      },
    },
    async (request, reply) => {
      const outcome = await farm.builds.cancelJob(request.params.id, request.allowedBy?.name)
      if (outcome.kind === 'unknown') return answerProblem(reply, unknownJob(request.params.id))
      return { attempts: outcome.kind === 'cancelled' ? outcome.attempts : 0 }
    },
  )
}
