import { isIPv6 } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { readHost } from './host-header.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * The path of PUBLIC_URL: "", or for example "/farm". Every path that the server sends begins with it. The paths of
     * the routes do not contain it.
     */
    publicPath: string
  }
}

/**
 * Returns the farm's address: PUBLIC_URL if it is set, otherwise the address of this request. The server ignores
 * X-Forwarded-Host, because many proxies pass on the client's value.
 */
export const publicUrlOf = (config: Pick<Config, 'publicUrl'>, request: FastifyRequest): string =>
  config.publicUrl ?? `${request.protocol}://${readHost(request.headers.host ?? '')?.host ?? ownAddress(request)}`

/**
 * Returns the address at which the server reaches itself: PUBLIC_URL if it is set, otherwise the address that received
 * this request. It never comes from a header.
 */
export const ownUrlOf = (config: Pick<Config, 'publicUrl'>, request: FastifyRequest): string =>
  config.publicUrl ?? `http://${ownAddress(request)}`

/** The address that received the request, for HTTP/1.0 requests without a Host header. */
function ownAddress({ socket: { localAddress, localPort } }: FastifyRequest): string {
  if (localAddress === undefined) return 'localhost'
  return `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`
}

/** Adds the path of PUBLIC_URL to redirects, because the routes redirect to paths without it. */
export function addPublicPath(app: FastifyInstance, publicPath: string): void {
  app.decorate('publicPath', publicPath)
  if (publicPath === '') return
  app.addHook('onSend', async (_request, reply, payload) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && location.startsWith('/')) reply.header('location', publicPath + location)
    return payload
  })
}

/**
 * If the proxy has not removed the path of PUBLIC_URL from an address, removes it. But if the path of PUBLIC_URL begins
 * like a route of the farm, such as /builds, the address does not change.
 */
export function withoutPublicPath(publicPath: string, isOwn: (top: string) => boolean): (url: string) => string {
  const top = publicPath.split('/')[1] ?? ''
  return url => {
    const rest = url.slice(publicPath.length)
    if (!url.startsWith(publicPath) || !/^([/?]|$)/.test(rest) || isOwn(top)) return url
    return rest.startsWith('/') ? rest : `/${rest}`
  }
}
