import { api } from '@rumpfarm/contracts'
import { requireTrigger } from '../../auth/plugin.ts'
import { answerProblem, retryProblem, tooManyJobs } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { checkProject } from './find.ts'
import { repeatable } from './repeatable.ts'
import { type ApiInstance, forAdmins, refusalsFor } from './routes.ts'

/** Jobs that run again. A repeated request adds no second attempt, because a job has at most one open attempt. */
export const retries = (services: Services) => async (app: ApiInstance) => {
  const { farm } = services
  app.post(
    '/jobs/:id/retry',
    {
      onRequest: requireTrigger,
      ...repeatable(services),
      schema: {
        tags: ['jobs'],
        operationId: 'retryJob',
        summary: 'Run a finished job again, with the same recipe and sources',
        description: 'The answer names the new attempt.',
        security: forAdmins,
        params: api.IdParam,
        body: api.Nothing,
        response: {
          201: api.ref(api.Retried),
          ...refusalsFor('unknown', 'not-finished', 'not-runnable', 'key-in-use', 'key-used-before'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const outcome = await farm.builds.retryJob(id)
      if (outcome.kind !== 'queued') return answerProblem(reply, retryProblem(id, outcome))
      return reply.code(201).send({ attempt: outcome.attempt })
    },
  )

  app.post(
    '/builds/:id/retry',
    {
      onRequest: requireTrigger,
      ...repeatable(services),
      schema: {
        tags: ['builds'],
        operationId: 'retryBuild',
        summary: 'Run the jobs of a build again: the failed jobs, the lost jobs or all',
        description:
          'With `dryRun`, the answer lists the jobs, and nothing runs. A job that runs or waits already gets no second attempt.',
        security: forAdmins,
        params: api.IdParam,
        body: api.RetryBuild,
        response: {
          200: api.ref(api.Retries),
          ...refusalsFor('unknown', 'too-many-jobs', 'key-in-use', 'key-used-before'),
        },
      },
    },
    async (request, reply) => {
      const { which = 'failed', dryRun } = request.body
      const outcome = await farm.builds.retry(request.params.id, { which, dryRun })
      if (outcome.kind === 'unknown') return problem(reply, 'unknown', `there is no build ${request.params.id}`)
      return outcome.kind === 'retried' ? outcome : answerProblem(reply, tooManyJobs(outcome.max))
    },
  )

  app.post(
    '/jobs/retry-lost',
    {
      onRequest: requireTrigger,
      ...repeatable(services),
      schema: {
        tags: ['jobs'],
        operationId: 'retryLostJobs',
        summary: 'Run the jobs again that were lost in the last 7 days, of one project or of all',
        description: 'With `dryRun`, the answer lists the jobs, and nothing runs.',
        security: forAdmins,
        body: api.RetryLost,
        response: {
          200: api.ref(api.Retries),
          ...refusalsFor('unknown-project', 'too-many-jobs', 'key-in-use', 'key-used-before'),
        },
      },
    },
    async (request, reply) => {
      const { project, dryRun } = request.body
      if (project !== undefined) await checkProject(farm, project)
      const outcome = await farm.builds.retryLost({ project, dryRun })
      return outcome.kind === 'retried' ? outcome : answerProblem(reply, tooManyJobs(outcome.max))
    },
  )
}
