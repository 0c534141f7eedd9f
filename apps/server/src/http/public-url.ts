import { isIPv6 } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { readHost } from './host-header.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The path of PUBLIC_URL, "" or "/farm": every path that leaves the server begins with it, and no route has it. */
    publicPath: string
  }
}

/**
 * What this request calls the farm, unless the operator has said it. X-Forwarded-Host does not count: many a proxy passes on
 * what the client wrote there.
 */
export const publicUrlOf = (config: Pick<Config, 'publicUrl'>, request: FastifyRequest): string =>
  config.publicUrl ?? `${request.protocol}://${readHost(request.headers.host ?? '')?.host ?? ownAddress(request)}`

/** For HTTP/1.0, whose requests need not say: where this one arrived. */
function ownAddress({ socket: { localAddress, localPort } }: FastifyRequest): string {
  if (localAddress === undefined) return 'localhost'
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`
}

/** Routes redirect to paths of the farm's own; the browser gets them with the path of PUBLIC_URL. */
export function placeBelow(app: FastifyInstance, publicPath: string): void {
  app.decorate('publicPath', publicPath)
  if (publicPath === '') return
  app.addHook('onSend', async (_request, reply, payload) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && location.startsWith('/')) reply.header('location', publicPath + location)
    return payload
  })
}

/**
 * The path that the routes know. A proxy commonly takes the path of PUBLIC_URL away; where it does not, or there is none, the
 * server does. It cannot where the farm has a path of this name itself, such as /builds.
 */
export function withoutPublicPath(publicPath: string, isOwn: (top: string) => boolean): (url: string) => string {
  const top = publicPath.split('/')[1] ?? ''
  return url => {
    const rest = url.slice(publicPath.length)
    if (!url.startsWith(publicPath) || !/^([/?]|$)/.test(rest) || isOwn(top)) return url
    return rest.startsWith('/') ? rest : `/${rest}`
  }
}
