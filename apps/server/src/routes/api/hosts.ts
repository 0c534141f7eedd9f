import { api } from '@rumpfarm/contracts'
import type { HostView } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { enrolLine, signedLine } from '../../agent-release/install-lines.ts'
import { offeredTo } from '../../agent-release/release.ts'
import { requireAdmin } from '../../auth/plugin.ts'
import type { BulkAnswers } from '../../http/ndjson.ts'
import { nameOfCursor } from '../../http/pagination.ts'
import { alertProblem, answerProblem, inviteProblem } from '../../http/problems/outcomes.ts'
import { problem } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, forAdmins, noContent, pageOrLines, refusals, refusalsFor } from './routes.ts'
import { sendList } from './send-list.ts'

export const hosts = (services: Services, bulk: BulkAnswers) => async (app: ApiInstance) => {
  const { farm } = services
  const withOffer = async (host: HostView) => ({ ...host, agentOffered: await offeredTo(host, services.agentRelease) })

  app.get(
    '/hosts',
    {
      schema: {
        tags: ['hosts'],
        operationId: 'listHosts',
        summary: 'Hosts, sorted by name; as JSON or NDJSON',
        description: 'Also hosts that are silent or paused. Removed hosts are not in the list.',
        querystring: api.HostFilter,
        response: { 200: pageOrLines(api.HostPage, 'Host'), ...refusals },
      },
    },
    async (request, reply) => {
      const read = async (after: string | undefined, limit: number) =>
        Promise.all((await farm.hosts.list({ after, limit })).map(withOffer))
      const list = { read, keyOf: ({ name }: { name: string }) => name, schema: api.ref(api.Host) }
      return sendList(bulk, { request, reply }, list, nameOfCursor(request.query.cursor))
    },
  )

  const answerHost = async (name: string, reply: FastifyReply) => {
    const host = await farm.hosts.find(name)
    return host ? withOffer(host) : unknownHost(reply, name)
  }

  app.get(
    '/hosts/:name',
    {
      schema: {
        tags: ['hosts'],
        operationId: 'getHost',
        summary: 'One host',
        description: 'Its state, its facts, the arches that it builds for, and its compilers.',
        params: api.NameParam,
        response: { 200: api.ref(api.Host), ...refusalsFor('unknown') },
      },
    },
    (request, reply) => answerHost(request.params.name, reply),
  )

  app.post(
    '/hosts/invitations',
    {
      onRequest: requireAdmin,
      schema: {
        tags: ['hosts'],
        operationId: 'inviteHost',
        summary: 'Create a one-time command that makes a machine a host of this name',
        description: 'The token in the answer works once, and until `expiresAt`. No other answer contains it.',
        security: forAdmins,
        body: api.InviteHost,
        response: { 201: api.ref(api.Invitation), ...refusalsFor('bad-name', 'name-taken') },
      },
    },
    async (request, reply) => {
      const outcome = await farm.hosts.invite(request.body.name)
      if (outcome.kind !== 'invited') return answerProblem(reply, inviteProblem(outcome))
      const { token, expiresAt } = outcome
      const line = enrolLine(publicUrlOf(services.config, request), token)
      return reply.code(201).send({ token, line, signedLine: await signedLine(services, token), expiresAt })
    },
  )

  const change = { tags: ['hosts'], security: forAdmins, params: api.NameParam }

  for (const [action, paused, summary, description] of [
    ['pause', true, 'Give a host no new jobs; jobs for the host wait', 'A running job continues.'],
    ['resume', false, 'Give a host jobs again', 'A host that is not paused stays as it is.'],
  ] as const)
    app.post(
      `/hosts/:name/${action}`,
      {
        onRequest: requireAdmin,
        schema: {
          ...change,
          operationId: `${action}Host`,
          summary,
          description,
          body: api.Nothing,
          response: { 200: api.ref(api.Host), ...refusalsFor('unknown') },
        },
      },
      async (request: FastifyRequest<{ Params: { name: string } }>, reply) => {
        const { name } = request.params
        return (await farm.hosts.setPaused(name, paused)) ? answerHost(name, reply) : unknownHost(reply, name)
      },
    )

  app.post(
    '/hosts/:name/alert',
    {
      onRequest: requireAdmin,
      schema: {
        ...change,
        operationId: 'setAlert',
        summary: 'Send alerts to an address when a host becomes silent and when it is back',
        description:
          'The farm signs each alert with the secret in the answer. No other answer contains this secret. A new address replaces the earlier one and its secret.',
        body: api.SetAlert,
        response: { 201: api.ref(api.Alert), ...refusalsFor('bad-url', 'unknown') },
      },
    },
    async (request, reply) => {
      const outcome = await farm.hosts.setAlert(request.params.name, request.body.url)
      if (outcome.kind === 'set')
        return reply.code(201).header('cache-control', 'no-store').send({ secret: outcome.secret })
      if (outcome.kind === 'set-mail') return reply.code(201).send({ secret: null })
      if (outcome.kind === 'bad-url') return answerProblem(reply, alertProblem(outcome))
      return unknownHost(reply, request.params.name)
    },
  )

  app.delete(
    '/hosts/:name/alert',
    {
      onRequest: requireAdmin,
      schema: {
        ...change,
        operationId: 'removeAlert',
        summary: 'Turn alerts off, and drop alerts that are not sent yet',
        description: 'A second request also succeeds.',
        response: { 204: noContent('Alerts are off'), ...refusalsFor('unknown') },
      },
    },
    async (request, reply) => {
      const outcome = await farm.hosts.setAlert(request.params.name, null)
      return outcome.kind === 'off' ? reply.code(204).send() : unknownHost(reply, request.params.name)
    },
  )

  app.delete(
    '/hosts/:name',
    {
      onRequest: requireAdmin,
      schema: {
        ...change,
        operationId: 'removeHost',
        summary: 'Remove a host: its jobs are cancelled, its results stay',
        description:
          'The agent of the host gets no jobs any more. To add the machine again, invite it under the same or another name.',
        response: { 204: noContent('The host is removed'), ...refusalsFor('unknown') },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      return (await farm.hosts.remove(name)) ? reply.code(204).send() : unknownHost(reply, name)
    },
  )
}

const unknownHost = (reply: FastifyReply, name: string): FastifyReply =>
  problem(reply, 'unknown', `there is no host ${name}; ${reply.server.publicPath}/api/v1/hosts lists them`)
