import { BlockList, isIP, isIPv6 } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { answerInForm } from './bad-address.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Of a host's name or address without its port. */
export function isLoopback(name: string): boolean {
  const address = name.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  if (family === 0) return /^localhost\.?$/i.test(name)
  return loopback.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

export interface HostHeader {
  /** In lower case, without the port. */
  name: string
  /** What an address may begin with: `build_farm:8080`. */
  host: string
}

/** A Host header; undefined: it names no host. Underscores are not DNS's, but compose files and Windows use them. */
export function readHost(header: string): HostHeader | undefined {
  const [, name = '', inner, port] = /^(\[([0-9a-f:.]+)\]|[a-z0-9_.-]{1,253})(?::(\d{0,5}))?$/i.exec(header) ?? []
  const isHost = inner === undefined ? hostName.test(name) : isIPv6(inner)
  if (!isHost || (port && (Number(port) < 1 || Number(port) > 65_535))) return undefined
  return { name: name.toLowerCase(), host: port ? `${name}:${Number(port)}` : name }
}

const hostName = /^[a-z0-9_][a-z0-9_-]*(\.[a-z0-9_-]+)*\.?$/i

/**
 * Refuses a Host header that names no host. A farm that listens on the loopback only answers to the loopback's names and to
 * PUBLIC_URL's: a page elsewhere could else have its own name point here, and read and press in this machine's browser what only
 * this machine may (DNS rebinding). A request without a Host header, as HTTP/1.0 sends it, comes from no browser.
 */
export function checkHost(app: FastifyInstance, { host, publicUrl }: Pick<Config, 'host' | 'publicUrl'>): void {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).hostname
  const isOwn = (name: string) => isLoopback(name) || name.replace(/\.$/, '') === own
  app.addHook('onRequest', async (request, reply) => {
    const header = request.headers.host
    if (header === undefined) return
    const asked = readHost(header)
    if (!asked) return answerInForm('malformed', malformed, request, reply)
    if (isLoopback(host) && !isOwn(asked.name)) return answerInForm('wrong-host', foreign, request, reply)
  })
}

const malformed = 'the header Host is not a host name or address with an optional port from 1 to 65535'
const foreign =
  'this farm listens on its own machine only and does not answer to this name: use http://localhost, or set PUBLIC_URL'
