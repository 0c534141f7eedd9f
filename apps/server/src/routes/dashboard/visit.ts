import type { FastifyRequest } from 'fastify'
import { csrfToken, isAdmin } from '../../auth/plugin.ts'
import type { Services } from '../../services.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Before the first query of a request: the page may not show what changes after this time. */
    arrivedAt: number
  }
}

/** One request for a page: who asks, when, and at which address. */
export interface Visit {
  at: Date
  admin: boolean
  /** The token of every form; undefined for visitors who may not send forms. */
  csrf: string | undefined
  path: string
  /** The path below which browsers reach the farm: "" or "/farm". */
  publicPath: string
  /** The errors of the newest farm.yaml; while there are any, the previous version stays active. */
  configErrors: readonly string[]
}

export async function visitOf({ farm }: Pick<Services, 'farm'>, request: FastifyRequest): Promise<Visit> {
  const { problems } = await farm.projects.configurationState()
  return {
    ...anonymousVisit(request),
    at: new Date(request.arrivedAt),
    admin: isAdmin(request),
    csrf: csrfToken(request),
    configErrors: problems,
  }
}

/** Used for pages that look the same for everybody, and for error pages, which must not query the database. */
export const anonymousVisit = (request: FastifyRequest): Visit => ({
  at: new Date(),
  admin: false,
  csrf: undefined,
  path: pathOf(request),
  publicPath: request.server.publicPath,
  configErrors: [],
})

export const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0] ?? '/'
