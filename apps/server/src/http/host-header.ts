import { BlockList, isIP, isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import type { RefuseEarly } from './bad-address.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** `name` is a host's name or address without a port. */
export function isLoopback(name: string): boolean {
  const address = name.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  if (family === 0) return /^localhost\.?$/i.test(name)
  return loopback.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

export interface HostHeader {
  /** The name in lower case, without the port. */
  name: string
  /** The name and the port, as an address contains them: `build_farm:8080`. */
  host: string
}

/**
 * Reads a Host header. Returns undefined if it is malformed. The name may contain underscores: DNS does not allow them,
 * but compose files and Windows use them.
 */
export function readHost(header: string): HostHeader | undefined {
  const [, name = '', inner, port] = /^(\[([0-9a-f:.]+)\]|[a-z0-9_.-]{1,253})(?::(\d{0,5}))?$/i.exec(header) ?? []
  const isHost = inner === undefined ? hostName.test(name) : isIPv6(inner)
  if (!isHost || (port && (Number(port) < 1 || Number(port) > 65_535))) return undefined
  return { name: name.toLowerCase(), host: port ? `${name}:${Number(port)}` : name }
}

const hostName = /^[a-z0-9_][a-z0-9_-]*(\.[a-z0-9_-]+)*\.?$/i

/**
 * Refuses a malformed Host header. A farm on a loopback address answers only requests for a loopback name or the name
 * of PUBLIC_URL. Otherwise another site could point its own host name at this farm (DNS rebinding). Then the site could
 * use the farm through a browser on this machine. A request without a Host header (HTTP/1.0) is allowed, because it
 * does not come from a browser.
 */
export function checkHost(
  app: FastifyInstance,
  { host, publicUrl }: Pick<Config, 'host' | 'publicUrl'>,
  refuse: RefuseEarly,
): void {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).hostname
  const isLocal = isLoopback(host)
  const isOwn = (name: string) => isLoopback(name) || name.replace(/\.$/, '') === own
  let accepted: string | undefined // most requests have the same header, and the check of an address takes 20 µs
  app.addHook('onRequest', (request, reply, done) => {
    const header = request.headers.host
    if (header === undefined || header === accepted) return done()
    const named = readHost(header)
    if (!named) return void refuse('malformed', malformed, request, reply)
    if (isLocal && !isOwn(named.name)) return void refuse('wrong-host', foreign, request, reply)
    accepted = header
    done()
  })
}

const malformed = 'the header Host must be a host name or address, with an optional port from 1 to 65535'
const foreign =
  'this farm accepts connections only from its own machine and does not answer to this name: use http://localhost, or set PUBLIC_URL'
