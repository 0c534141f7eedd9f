import type { FastifyReply, FastifyRequest } from 'fastify'
import { csrfToken, isAdmin } from '../../auth/plugin.ts'
import { pageHeaders } from '../../http/security-headers.ts'
import type { Services } from '../../services.ts'
import type { Visit } from './components/layout.tsx'

declare module 'fastify' {
  interface FastifyRequest {
    /** Before anything was asked of the farm: what changes from then on the page may not show. */
    arrivedAt: number
  }
}

/** Who looks, and what everybody is to be told. */
export async function visitOf({ farm }: Pick<Services, 'farm'>, request: FastifyRequest): Promise<Visit> {
  const { problems } = await farm.projects.configurationState()
  return {
    at: new Date(request.arrivedAt),
    admin: isAdmin(request),
    csrf: csrfToken(request),
    path: request.url.split('?')[0] ?? '/',
    publicPath: request.server.publicPath,
    problems,
  }
}

/** A visit when the database cannot be asked. */
export const plainVisit = (request: FastifyRequest): Visit => ({
  at: new Date(request.arrivedAt),
  admin: false,
  csrf: undefined,
  path: request.url.split('?')[0] ?? '/',
  publicPath: request.server.publicPath,
  problems: [],
})

export const sendPage = (reply: FastifyReply, html: string): FastifyReply =>
  reply.type('text/html; charset=utf-8').headers(pageHeaders).header('cache-control', 'no-cache').send(html)

/** A number in an address, or undefined: no bigger than a column holds. */
export const wholeNumber = (text: unknown): number | undefined =>
  typeof text === 'string' && /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined

/** A word of the query; of one sent twice the last. */
export const queryWord = (request: FastifyRequest, name: string): string | undefined => {
  const value = (request.query as Record<string, string | string[] | undefined>)[name]
  const word = Array.isArray(value) ? value.at(-1) : value
  return word === '' ? undefined : word
}
