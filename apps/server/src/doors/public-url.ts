import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'

/** What this request calls the farm, unless the operator has said it. */
export const publicUrlOf = (config: Pick<Config, 'publicUrl'>, request: FastifyRequest): string =>
  config.publicUrl ?? `${request.protocol}://${safeHost(request.host)}`

// It is filled into the agent's script, between quotes: only what a host and a port can be made of.
const safeHost = (host: string) => (/^[A-Za-z0-9._:[\]-]+$/.test(host) ? host : 'localhost')
