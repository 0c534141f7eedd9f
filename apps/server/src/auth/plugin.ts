import cookie from '@fastify/cookie'
import type { TokenBearer, TokenScope } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Services } from '../services.ts'
import { type Access, openAccess, type Visitor } from './access.ts'

export { knowVisitors } from './access.ts'

declare module 'fastify' {
  interface FastifyInstance {
    access: Access
  }
  interface FastifyRequest {
    /** Who asks, as far as the browser's session says; a token is looked at where one is needed. */
    visitor: Visitor
    /** The token that allowed this, also by way of a session; null where nothing was required. */
    allowedBy: TokenBearer | null
  }
}

/** Who may do what. Reading is public; the other server guard what changes something with `requireAdmin` or `requireTrigger`. */
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
 * Lets only administrators pass: their token, or their session with its `_csrf`. As a preHandler where forms are read; as
 * onRequest where the word comes in X-CSRF-Token, so that a stranger's body is not read at all.
 */
export const requireAdmin = (request: FastifyRequest): Promise<void> => noteAllowed(request, 'admin')

/** Lets also tokens pass that may only ask for builds. */
export const requireTrigger = (request: FastifyRequest): Promise<void> => noteAllowed(request, 'trigger')

async function noteAllowed(request: FastifyRequest, scope: TokenScope): Promise<void> {
  request.allowedBy = await request.server.access.require(request, scope)
}

/** Whether this browser is an administrator's. */
export const isAdmin = (request: FastifyRequest): boolean => request.visitor.kind === 'administrator'

/** What every form of an administrator's page sends as `_csrf`; undefined for everyone else, who may send none. */
export const csrfToken = (request: FastifyRequest): string | undefined =>
  request.visitor.kind === 'administrator' ? request.visitor.csrf : undefined
