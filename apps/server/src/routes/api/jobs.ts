import { api, hideSecrets } from '@rumpfarm/contracts'
import type { JobView } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import { requireAdmin } from '../../auth/plugin.ts'
import { idOfCursor, pageOf, pageSize } from '../../http/pagination.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { sourceWithoutSecrets } from './builds.ts'
import { type ApiInstance, forAdmins, refusals } from './routes.ts'

export const jobs =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/jobs',
      {
        schema: {
          tags: ['jobs'],
          summary: 'Jobs, newest first',
          querystring: api.JobFilter,
          response: { 200: api.ref(api.JobSummaryPage), ...refusals },
        },
      },
      async (request, reply) => {
        const { limit = pageSize, cursor, build, ...filter } = request.query
        const before = idOfCursor(cursor)
        const found = await farm.listJobs({ ...filter, buildId: build, before, limit: limit + 1 })
        return pageOf(found, limit, ({ id }) => id, { request, reply })
      },
    )

    app.get(
      '/jobs/:id',
      {
        schema: {
          tags: ['jobs'],
          summary: 'A job with its attempts and its recipe',
          params: api.IdParam,
          response: { 200: api.ref(api.Job), ...refusals },
        },
      },
      async (request, reply) => {
        const job = await farm.findJob(request.params.id)
        return job ? withoutSecrets(job) : unknownJob(reply, request.params.id)
      },
    )

    const change = { tags: ['jobs'], security: forAdmins, params: api.IdParam, body: api.Nothing }

    app.post(
      '/jobs/:id/cancel',
      {
        onRequest: requireAdmin,
        schema: { ...change, summary: 'End a job', response: { 200: api.ref(api.Cancelled), ...refusals } },
      },
      async (request, reply) => {
        const outcome = await farm.cancelJob(request.params.id)
        if (outcome.kind === 'unknown') return unknownJob(reply, request.params.id)
        return { attempts: outcome.kind === 'cancelled' ? outcome.attempts : 0 }
      },
    )

    app.post(
      '/jobs/:id/retry',
      {
        onRequest: requireAdmin,
        schema: {
          ...change,
          summary: 'Run an ended job once more, with the same recipe and sources',
          response: { 201: api.ref(api.Retried), ...refusals },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        const outcome = await farm.retryJob(id)
        switch (outcome.kind) {
          case 'queued':
            return reply.code(201).send({ attempt: outcome.attempt })
          case 'not-finished':
            return problem(
              reply,
              'not-finished',
              `attempt ${outcome.attempt} of job ${id} has not ended: cancel it first`,
            )
          case 'not-runnable':
            return problem(reply, 'not-runnable', `job ${id} cannot run again: ${outcome.why}`)
          case 'unknown':
            return unknownJob(reply, id)
        }
      },
    )
  }

export const unknownJob = (reply: FastifyReply, id: number): FastifyReply =>
  problem(reply, 'unknown', `there is no job ${id}`)

/** An address may hold a password for git. */
const withoutSecrets = (job: JobView): JobView => ({
  ...job,
  preparedSources: job.preparedSources.map(sourceWithoutSecrets),
  recipe: {
    ...job.recipe,
    repository: hideSecrets(job.recipe.repository),
    sources: job.recipe.sources.map(source => ({ ...source, repository: hideSecrets(source.repository) })),
  },
})
