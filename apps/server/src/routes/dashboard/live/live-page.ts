import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SharedPages } from './shared-pages.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The pages that browsers load again after an event. */
    livePages: SharedPages
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The page follows changes, so it must not show what was before the last change. */
    isLive?: true
  }
}

export const liveRoute = { config: { isLive: true } } as const

/**
 * Adds the route of a live page. `html` returns the page. After an event, all visitors who are not signed in share one
 * page of the same address.
 */
export function livePage<Request extends FastifyRequest>(
  app: FastifyInstance,
  path: string,
  html: (request: Request, reply: FastifyReply) => Promise<string>,
): void {
  app.get(path, liveRoute, (request, reply) =>
    app.livePages.send(request, reply, () => html(request as Request, reply)),
  )
}
