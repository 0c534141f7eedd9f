import cookie from '@fastify/cookie'
import type { TokenBearer, TokenScope } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Services } from '../services.ts'
import { type Access, openAccess, type Visitor } from './access.ts'

export { identifyVisitors } from './access.ts'

declare module 'fastify' {
  interface FastifyInstance {
    access: Access
  }
  interface FastifyRequest {
    /**
     * The visitor to whom the browser's session belongs. A token in the request does not affect this value, because the
     * server checks tokens only for routes that need a token.
     */
    visitor: Visitor
    /**
     * The token that allowed this request: the token in the request, or the token that created its session. Null if the
     * route requires no token.
     */
    allowedBy: TokenBearer | null
  }
}

/** Adds authentication. Reading is public. Routes that make changes use `requireAdmin` or `requireTrigger`. */
export const authPlugin = (services: Services) =>
  fp(
    async (app: FastifyInstance) => {
      await app.register(cookie)
      const access = openAccess(services)
      app.decorate('access', access)
      app.decorateRequest('visitor', null as never)
      app.decorateRequest('allowedBy', null)
    },
    { name: 'access' },
  )

/**
 * Accepts only administrators: an administrator's token, or a session with its form token. For a form, this function
 * is a preHandler hook, because the form token is in the body. For the API, it is an onRequest hook, so that the server
 * does not read the body of an unknown client. In the API, the form token is in the header X-CSRF-Token.
 */
export const requireAdmin = (request: FastifyRequest): Promise<void> => noteAllowed(request, 'admin')

/** Accepts administrators, and also tokens that may only start builds. */
export const requireTrigger = (request: FastifyRequest): Promise<void> => noteAllowed(request, 'trigger')

/** Accepts administrators, and also tokens that may only build uploaded trees. */
export const requireTry = (request: FastifyRequest): Promise<void> => noteAllowed(request, 'try')

async function noteAllowed(request: FastifyRequest, scope: TokenScope): Promise<void> {
  request.allowedBy = await request.server.access.require(request, scope)
}

/** True if an administrator is signed in. */
export const isAdmin = (request: FastifyRequest): boolean => request.visitor.kind === 'administrator'

/** The value of `_csrf` in each form of an administrator's page; undefined for other visitors. */
export const csrfToken = (request: FastifyRequest): string | undefined =>
  request.visitor.kind === 'administrator' ? request.visitor.csrf : undefined
