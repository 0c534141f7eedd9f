import { api } from '@rumpfarm/contracts'
import type { Services } from '../../services.ts'
import { type ApiInstance, refusals } from './routes.ts'

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
          querystring: api.QueueFilter,
          response: { 200: api.ref(api.Queue), ...refusals },
        },
      },
      async request => {
        const { jobs, complete } = await farm.queue.list(request.query)
        const items = jobs.slice(0, api.queueLimit)
        return { items, total: jobs.length, complete: complete && items.length === jobs.length }
      },
    )
  }
