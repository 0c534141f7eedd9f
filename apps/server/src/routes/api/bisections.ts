import { api } from '@rumpfarm/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../auth/plugin.ts'
import type { BulkAnswers } from '../../http/ndjson.ts'
import { idOf, idOfCursor } from '../../http/pagination.ts'
import { answerProblem, bisectProblem } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { repeatable } from './repeatable.ts'
import { type ApiInstance, forAdmins, pageOrLines, refusals, refusalsFor } from './routes.ts'
import { sendList } from './send-list.ts'

export const bisections = (services: Services, bulk: BulkAnswers) => async (app: ApiInstance) => {
  const { farm } = services
  app.get(
    '/bisections',
    {
      schema: {
        tags: ['bisections'],
        operationId: 'listBisections',
        summary: 'Bisections, newest first; as JSON or NDJSON',
        description: '`state=open` selects the bisections that are preparing or running.',
        querystring: api.BisectionFilter,
        response: { 200: pageOrLines(api.BisectionSummaryPage, 'BisectionSummary'), ...refusals },
      },
    },
    async (request, reply) => {
      const { cursor, project, state } = request.query
      const read = (before: number | undefined, limit: number) =>
        farm.bisections.list({ project, state, before, limit })
      const list = { read, keyOf: idOf, schema: api.ref(api.BisectionSummary) }
      return sendList(bulk, { request, reply }, list, idOfCursor(cursor))
    },
  )

  app.get(
    '/bisections/:id',
    {
      schema: {
        tags: ['bisections'],
        operationId: 'getBisection',
        summary: 'A bisection with its commits and probes',
        description: 'The commits have their probability to be the first bad one, and the probes their results.',
        params: api.IdParam,
        response: { 200: api.ref(api.Bisection), ...refusalsFor('unknown') },
      },
    },
    async (request, reply) => {
      await sendBisection(services, reply, request.params.id)
    },
  )

  app.post(
    '/bisections',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['bisections'],
        operationId: 'startBisection',
        summary: 'Search the first bad commit of a failing cell, or ask for the price',
        description:
          'With `dryRun`, the answer is the price, and nothing starts. Without it, the answer is 201 for a new bisection, and 200 if the same search runs already.',
        security: forAdmins,
        body: api.StartBisection,
        response: {
          200: api.ref(api.BisectionPrice),
          201: api.ref(api.BisectionPrice),
          ...refusalsFor('unknown-project', 'unknown', 'not-bisectable'),
        },
      },
    },
    async (request, reply) => {
      await answerStart(services, request, reply)
    },
  )

  app.post(
    '/bisections/:id/cancel',
    {
      onRequest: requireAdmin,
      ...repeatable(services),
      schema: {
        tags: ['bisections'],
        operationId: 'cancelBisection',
        summary: 'Cancel a bisection and its probe',
        description: 'Its results stay, and `continueBisection` continues it.',
        security: forAdmins,
        params: api.IdParam,
        body: api.Nothing,
        response: {
          200: api.ref(api.Bisection),
          ...refusalsFor('unknown', 'bisection-ended', 'key-in-use', 'key-used-before'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const outcome = await farm.bisections.cancel(id)
      if (outcome.kind === 'not-open') return problem(reply, 'bisection-ended', `bisection ${id} has already ended`)
      await sendBisection(services, reply, id)
    },
  )

  app.post(
    '/bisections/:id/continue',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['bisections'],
        operationId: 'continueBisection',
        summary: 'Continue a bisection that was cancelled, or that used its budget',
        description: 'The bisection keeps the results of its earlier probes.',
        security: forAdmins,
        params: api.IdParam,
        body: api.Nothing,
        response: { 200: api.ref(api.Bisection), ...refusalsFor('unknown', 'not-bisectable') },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const outcome = await farm.bisections.continue(id)
      if (outcome.kind === 'not-possible') return problem(reply, 'not-bisectable', outcome.why)
      await sendBisection(services, reply, id)
    },
  )

  app.post(
    '/bisections/:id/inside-merge',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['bisections'],
        operationId: 'lookInsideMerge',
        summary: 'Start a second bisection inside the merge that a bisection named',
        description: 'The answer is 201 for a new bisection, and 200 if it runs already.',
        security: forAdmins,
        params: api.IdParam,
        body: api.Nothing,
        response: {
          200: api.ref(api.Bisection),
          201: api.ref(api.Bisection),
          ...refusalsFor('unknown', 'not-bisectable'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const outcome = await farm.bisections.lookInsideMerge({ id, startedBy: 'api' })
      if (outcome.kind === 'not-possible') return problem(reply, 'not-bisectable', outcome.why)
      if (outcome.kind === 'unknown') return problem(reply, 'unknown', `there is no bisection ${id}`)
      if (outcome.kind === 'started') reply.code(201).header('location', `/api/v1/bisections/${outcome.id}`)
      await sendBisection(services, reply, outcome.id)
    },
  )
}

async function sendBisection({ farm }: Services, reply: FastifyReply, id: number): Promise<FastifyReply> {
  const bisection = await farm.bisections.find(id)
  return bisection ? reply.send(bisection) : problem(reply, 'unknown', `there is no bisection ${id}`)
}

type StartRequest = FastifyRequest<{ Body: api.StartBisection }>

async function answerStart(services: Services, request: StartRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { farm } = services
  const { dryRun, variant = 'default', ...cell } = request.body
  const wanted = { ...cell, variant }
  const outcome = dryRun
    ? await farm.bisections.quote(wanted)
    : await farm.bisections.start({ ...wanted, startedBy: 'api' })
  const urlOf = (id: number) => `${publicUrlOf(services.config, request)}/bisections/${id}`
  switch (outcome.kind) {
    case 'quote':
      return reply.send({ ...outcome, id: null, url: null, created: false })
    case 'started':
      reply.code(201).header('location', `/api/v1/bisections/${outcome.id}`)
      return reply.send({ ...outcome.quote, id: outcome.id, url: urlOf(outcome.id), created: true })
    case 'running':
      return reply.send({ ...noPrice, id: outcome.id, url: urlOf(outcome.id), created: false })
    default:
      return answerProblem(reply, bisectProblem(wanted, outcome))
  }
}

const noPrice = {
  price: null,
  probes: null,
  milliseconds: null,
  commits: null,
  host: null,
  budgetSeconds: null,
  failureRate: null,
}
