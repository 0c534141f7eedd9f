import { api } from '@rumpfarm/contracts'
import { requireAdmin } from '../../auth/plugin.ts'
import { nameOfCursor, pageOf, pageSize } from '../../http/pagination.ts'
import { problem, Refusal } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, forAdmins, noContent, refusals, refusalsFor } from './routes.ts'

/** The routes for tokens of programs and for login links of browsers. */
export const tokens =
  ({ farm, config }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/tokens',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['access'],
          operationId: 'listTokens',
          summary: 'Tokens, sorted by name, without their secret values',
          description: 'Revoked tokens are in the list too: they have `revokedAt`.',
          security: forAdmins,
          querystring: api.Paging,
          response: { 200: api.ref(api.TokenPage), ...refusals },
        },
      },
      async (request, reply) => {
        const { limit = pageSize, cursor } = request.query
        const found = await farm.access.listTokens({ after: nameOfCursor(cursor), limit: limit + 1 })
        return pageOf(found, limit, ({ name }) => name, { request, reply })
      },
    )

    app.post(
      '/tokens',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['access'],
          operationId: 'createToken',
          summary: 'Create a token; only this answer contains its secret value',
          description:
            'Scope `trigger` may only start builds of commits. Scope `try` may only build uploaded trees. Scope `admin` may make every change.',
          security: forAdmins,
          body: api.CreateToken,
          response: { 201: api.ref(api.Token), ...refusalsFor('token-name-taken') },
        },
      },
      async (request, reply) => {
        const { name, scope = 'trigger' } = request.body
        const token = await farm.access.createToken(name, scope)
        if (token !== undefined) return reply.code(201).header('cache-control', 'no-store').send({ name, scope, token })
        return problem(reply, 'token-name-taken', `a token has or had the name ${name}: choose another name`)
      },
    )

    app.delete(
      '/tokens/:name',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['access'],
          operationId: 'revokeToken',
          summary: 'Revoke a token, with its login links and sessions',
          description: 'The token stays revoked after a restart, and no other token can have its name.',
          security: forAdmins,
          params: api.NameParam,
          response: { 204: noContent('The token is revoked'), ...refusalsFor('unknown') },
        },
      },
      async (request, reply) => {
        const { name } = request.params
        if (await farm.access.revokeToken(name)) return reply.code(204).send()
        return problem(reply, 'unknown', `there is no token ${name}, or it is already revoked`)
      },
    )

    app.post(
      '/login-links',
      {
        onRequest: requireAdmin,
        schema: {
          tags: ['access'],
          operationId: 'createLoginLink',
          summary: 'Create a link that signs an administrator in once, within ten minutes',
          description: 'The session that the link starts ends after a week, or when the token is revoked.',
          security: forAdmins,
          body: api.Nothing,
          response: { 201: api.ref(api.LoginLink), ...refusals },
        },
      },
      async (request, reply) => {
        const link = await farm.access.createLoginLink(request.allowedBy?.hash ?? '')
        if (!link) throw new Refusal('not-signed-in', 'this token has just been revoked or replaced')
        const url = `${publicUrlOf(config, request)}/login/${link.token}`
        return reply.code(201).header('cache-control', 'no-store').send({ url, expiresAt: link.expiresAt })
      },
    )
  }
