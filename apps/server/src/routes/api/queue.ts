import { api } from '@rumpfarm/contracts'
import type { Services } from '../../services.ts'
import { findAttempt } from './find.ts'
import { type ApiInstance, refusals, refusalsFor } from './routes.ts'

export const queue =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/queue',
      {
        schema: {
          tags: ['jobs'],
          operationId: 'getQueue',
          summary: 'Waiting and running jobs: why they wait, and when they start and end',
          description: 'At most 1,000 jobs. The times are estimates from the newest passes of the same cell.',
          querystring: api.QueueFilter,
          response: { 200: api.ref(api.Queue), ...refusals },
        },
      },
      async request => {
        const { jobs: items, counts, complete } = await farm.queue.list({ ...request.query, limit: api.queueLimit })
        const total = counts.waiting + counts.blocked + counts.running
        return { items, total, complete: complete && total <= api.queueLimit }
      },
    )

    app.get(
      '/jobs/:id/expectation',
      {
        schema: {
          tags: ['jobs'],
          operationId: 'getJobExpectation',
          summary: 'Usual duration of a job and its steps; why it waits, and when it probably starts and ends',
          description: 'The usual durations are those of the newest passes of the same cell.',
          params: api.IdParam,
          response: { 200: api.ref(api.JobExpectation), ...refusalsFor('unknown') },
        },
      },
      async request => {
        const { job, attempt } = await findAttempt(farm, request.params)
        const [expectation, queued] = await Promise.all([
          farm.queue.expectation(job.id),
          attempt.state === 'finished' ? undefined : farm.queue.find(job),
        ])
        return { ...expectation, queued: queued ?? null }
      },
    )
  }
