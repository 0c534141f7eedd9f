import { api } from '@rumpfarm/contracts'
import { requireAdmin } from '../../auth/plugin.ts'
import type { BulkAnswers } from '../../http/ndjson.ts'
import { idOf, idOfCursor } from '../../http/pagination.ts'
import { answerProblem, unknownProject } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import { ownUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { replay } from '../../trigger/replay.ts'
import { testWebhook } from '../../trigger/test-webhook.ts'
import { type ApiInstance, forAdmins, pageOrLines, refusals, refusalsFor } from './routes.ts'
import { sendList } from './send-list.ts'

/** The routes for the webhooks that the farm received. */
export const deliveries = (services: Services, bulk: BulkAnswers) => async (app: ApiInstance) => {
  const { farm } = services

  app.get(
    '/deliveries',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['deliveries'],
        operationId: 'listDeliveries',
        summary: 'Webhooks with their outcomes, newest first; as JSON or NDJSON',
        description: 'The farm keeps the newest 1,000 webhooks, and the newest 100 that it refused.',
        security: forAdmins,
        querystring: api.DeliveryFilter,
        response: { 200: pageOrLines(api.DeliveryPage, 'Delivery'), ...refusals },
      },
    },
    async (request, reply) => {
      const { sender, outcome, project, text, cursor } = request.query
      const filter = { sender, outcome, project, text, refused: true }
      const read = (before: number | undefined, limit: number) => farm.deliveries.list({ ...filter, before, limit })
      const list = { read, keyOf: idOf, schema: api.ref(api.Delivery) }
      return sendList(bulk, { request, reply }, list, idOfCursor(cursor))
    },
  )

  app.get(
    '/deliveries/:id',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['deliveries'],
        operationId: 'getDelivery',
        summary: 'A webhook with its headers and its body, without secrets',
        description: 'The farm stores the first 64 KiB of the body, and no body of a refused webhook.',
        security: forAdmins,
        params: api.IdParam,
        response: { 200: api.ref(api.DeliveryDetails), ...refusalsFor('unknown') },
      },
    },
    async ({ params: { id } }, reply) => (await farm.deliveries.find(id)) ?? problem(reply, 'unknown', noDelivery(id)),
  )

  app.post(
    '/projects/:name/webhook-tests',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['deliveries'],
        operationId: 'testWebhook',
        summary: 'Send a signed ping through the own address of the farm',
        description:
          'The farm signs the ping with the secret of the project, as the forge does. So the answer shows whether the address, the proxy and the secret work.',
        security: forAdmins,
        params: api.NameParam,
        body: api.TestWebhook,
        response: { 200: api.ref(api.WebhookTest), ...refusalsFor('unknown-project') },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const projects = await farm.projects.configs()
      const project = projects.get(name)
      if (!project) return answerProblem(reply, unknownProject(name, [...projects.keys()]))
      return testWebhook(services, project, request.body.sender, ownUrlOf(services.config, request))
    },
  )

  app.post(
    '/deliveries/:id/replay',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['deliveries'],
        operationId: 'replayDelivery',
        summary: 'Decide a webhook again, as if its sender had sent it again',
        description: 'The farm uses the present farm.yaml. It never builds the same delivery twice.',
        security: forAdmins,
        params: api.IdParam,
        body: api.Nothing,
        response: { 202: api.ref(api.ReplayedDelivery), ...refusalsFor('unknown') },
      },
    },
    async ({ params: { id } }, reply) =>
      (await replay(services, id)) ? reply.code(202).send({ id }) : problem(reply, 'unknown', noDelivery(id)),
  )
}

const noDelivery = (id: number) =>
  `there is no delivery ${id} that the farm can use: it keeps the newest 1,000, and does not replay one that it refused`
