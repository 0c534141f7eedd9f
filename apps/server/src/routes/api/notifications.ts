import { api } from '@rumpfarm/contracts'
import { requireAdmin } from '../../auth/plugin.ts'
import type { BulkAnswers } from '../../http/ndjson.ts'
import { idOf, idOfCursor } from '../../http/pagination.ts'
import { problem } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, forAdmins, pageOrLines, refusals, refusalsFor } from './routes.ts'
import { sendList } from './send-list.ts'

/** The routes for messages about changes, and for their channels. */
export const notifications =
  ({ farm }: Services, bulk: BulkAnswers) =>
  async (app: ApiInstance) => {
    app.get(
      '/notifications',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['notifications'],
          operationId: 'listNotifications',
          summary: 'Messages with their outcomes, newest first; as JSON or NDJSON',
          description: 'A message is in the list from the change of the state on, before the farm has sent it.',
          security: forAdmins,
          querystring: api.NotificationFilter,
          response: { 200: pageOrLines(api.NotificationPage, 'Notification'), ...refusals },
        },
      },
      async (request, reply) => {
        const read = (before: number | undefined, limit: number) => farm.notifications.list({ before, limit })
        const list = { read, keyOf: idOf, schema: api.ref(api.Notification) }
        return sendList(bulk, { request, reply }, list, idOfCursor(request.query.cursor))
      },
    )

    app.post(
      '/notifications/:id/retry',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['notifications'],
          operationId: 'retryNotification',
          summary: 'Send a message again that was not delivered',
          description:
            'The message has the same id as before. If it was part of a summary, the farm sends the whole summary.',
          security: forAdmins,
          params: api.IdParam,
          body: api.Nothing,
          response: { 202: api.ref(api.SentNotification), ...refusalsFor('unknown') },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        const outcome = await farm.notifications.retry(id)
        if (outcome.kind === 'retried') return reply.code(202).send({ id })
        const why = outcome.kind === 'unknown' ? `no message ${id} has failed` : `message ${id} is delivered already`
        return problem(reply, 'unknown', why)
      },
    )

    app.get(
      '/notification-channels',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['notifications'],
          operationId: 'listNotificationChannels',
          summary: 'The channels of farm.yaml that receive messages, without their secrets',
          description: 'A channel is disabled after its receiver answered that it wants no more messages.',
          security: forAdmins,
          response: { 200: api.ref(api.NotificationChannels), ...refusals },
        },
      },
      async () => ({ items: await farm.notifications.channels() }),
    )

    app.post(
      '/notification-channels/:name/test',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['notifications'],
          operationId: 'testNotificationChannel',
          summary: 'Send a test message to a channel; `name` is its key',
          description:
            'The message goes the same way as other messages. If it arrives, a disabled channel is active again.',
          security: forAdmins,
          params: api.NameParam,
          body: api.Nothing,
          response: { 202: api.ref(api.SentNotification), ...refusalsFor('unknown') },
        },
      },
      async (request, reply) => {
        const { name } = request.params
        const id = await farm.notifications.sendTest(name)
        if (id !== undefined) return reply.code(202).send({ id })
        return problem(reply, 'unknown', `no channel of farm.yaml has the key ${name}`)
      },
    )
  }
