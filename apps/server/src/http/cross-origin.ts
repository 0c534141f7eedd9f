import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { isLoopback } from './host-header.ts'
import { crossOriginHeaders, preflightHeaders } from './security-headers.ts'

/**
 * Lets pages of other sites read the answers of this plugin: GET and HEAD, never with cookies or tokens. A farm that
 * only its own machine can reach does not allow this, because every page in a browser on this machine could read it.
 * Call it before the other hooks, so that error answers have the headers too. @fastify/cors would answer every OPTIONS
 * itself, and its answers would vary by origin.
 */
export function allowOtherSites(app: FastifyInstance, config: Pick<Config, 'cors' | 'host' | 'publicUrl'>): void {
  if (!(config.cors ?? isReachable(config))) return
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    if (isRead(method)) return void reply.headers(crossOriginHeaders)
    if (method === 'OPTIONS' && isRead(headers['access-control-request-method']))
      reply.headers({ ...crossOriginHeaders, ...preflightHeaders })
  })
}

const isReachable = ({ host, publicUrl }: Pick<Config, 'host' | 'publicUrl'>): boolean =>
  publicUrl !== undefined || (host !== undefined && !isLoopback(host))

const isRead = (method: string | undefined): boolean => method === 'GET' || method === 'HEAD'
