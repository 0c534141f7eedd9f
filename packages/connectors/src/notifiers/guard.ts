// Decides to which addresses the farm may connect. The check runs when a socket connects, on the address that the name
// has at this moment, so a name server cannot answer with a public address first and with a private address later.
import { lookup as systemLookup } from 'node:dns'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import ipaddr from 'ipaddr.js'

/** Thrown instead of a connection to an address that is not public. */
export class PrivateAddressError extends Error {
  readonly code = 'EPRIVATE'
  constructor() {
    super('its address is private; NOTIFY_PRIVATE=true allows private addresses')
  }
}

export interface Guard {
  /** For the option `lookup` of net, tls, http and https. It returns only addresses to which the farm may connect. */
  lookup: LookupFunction
  /** Throws PrivateAddressError if `host` is a numeric address that is not public. Node does not look up such a host. */
  check(host: string): void
  /** Additional certificate authorities, for tests. */
  ca?: string
}

export interface GuardOptions {
  allowPrivate: boolean
  ca?: string
  resolve?: typeof systemLookup
}

export function makeGuard({ allowPrivate, ca, resolve = systemLookup }: GuardOptions): Guard {
  const isAllowed = (address: string) => allowPrivate || isPublicAddress(address)
  const lookup: LookupFunction = (host, options, callback) =>
    resolve(host, { ...options, all: true }, (error, found) => {
      const allowed = found?.filter(({ address }) => isAllowed(address)) ?? []
      const [first] = allowed
      if (error || !first) callback(error ?? new PrivateAddressError(), [])
      else if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  const check = (host: string) => {
    const address = withoutBrackets(host)
    if (isIP(address) !== 0 && !isAllowed(address)) throw new PrivateAddressError()
  }
  return { lookup, check, ...(ca !== undefined && { ca }) }
}

/** Opens a TCP or TLS connection. Throws PrivateAddressError; all later errors are events of the socket. */
export function connectSocket(guard: Guard, { host, port, tls }: { host: string; port: number; tls: boolean }): Socket {
  guard.check(host)
  const address = withoutBrackets(host)
  const options = { host: address, port, lookup: guard.lookup }
  if (!tls) return connectTcp(options)
  const name = isIP(address) === 0 ? { servername: address } : {}
  return connectTls({ ...options, ...name, ...(guard.ca !== undefined && { ca: guard.ca }) })
}

const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, '$1')

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/**
 * Whether an address is public. Loopback, private, link-local, multicast, reserved and carrier-grade NAT addresses are
 * not. An IPv6 address that contains an IPv4 address (IPv4-mapped, NAT64) is as public as that IPv4 address.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text) // makes an IPv4 address of an IPv4-mapped address
  if (address.kind() === 'ipv4') return address.range() === 'unicast'
  if (address.match(nat64)) return ipaddr.fromByteArray(address.toByteArray().slice(12)).range() === 'unicast'
  return address.match(globalUnicast) && address.range() === 'unicast'
}
