import type { Farm } from '@rumpfarm/farm'
import { LRUCache } from 'lru-cache'
import { type Bus, topics } from '../../events/bus.ts'

export interface Bearer {
  id: number
  name: string
  /** The credential of the request, if the server only remembers whose it was. Then the caller must check it. */
  unchecked?: string
}

// The cache keeps a credential for this time. Without a cache, 1,000 hosts that send a heartbeat every 2 s would cause
// 500 look-ups per second. If the message about a removed host is lost, the server accepts the credential of this host
// until the cache drops it.
const cacheMs = 5_000
const cachedMax = 20_000

export interface Bearers {
  /** Finds the host to which the credential of a request belongs. */
  find(authorization: string | undefined): Promise<Bearer | undefined>
  /**
   * The host to which the credential belonged some time ago, without a query. An idle host claims every 50 s, so the
   * cache has no valid entry for it. Its claim reads the row of the host, and checks the credential there.
   */
  remembered(authorization: string | undefined): Bearer | undefined
  /** The credential does not belong to the remembered host any more. */
  forget(authorization: string | undefined): void
}

export function bearers(farmHosts: Pick<Farm['hosts'], 'findByCredentials'>, bus: Bus): Bearers {
  const hosts = cached(
    gathered(credentials => farmHosts.findByCredentials(credentials)),
    bus,
  )
  return {
    async find(authorization) {
      const credential = credentialIn(authorization)
      return credential === undefined ? undefined : hosts.named(credential)
    },
    remembered(authorization) {
      const credential = credentialIn(authorization)
      const host = credential === undefined ? undefined : hosts.remembered(credential)
      return host && { ...host, unchecked: credential as string }
    },
    forget(authorization) {
      const credential = credentialIn(authorization)
      if (credential !== undefined) hosts.forget(credential)
    },
  }
}

const credentialIn = (authorization: string | undefined): string | undefined =>
  /^Bearer ([A-Za-z0-9._+-]{1,128})$/.exec(authorization ?? '')?.[1]

/**
 * Runs one look-up at a time. While a look-up runs, new names wait, and the next look-up finds all of them. So a flood
 * of wrong credentials uses only one database connection, and a host with a valid credential still gets its answer.
 */
export function gathered<Found>(lookUp: (names: string[]) => Promise<Map<string, Found>>) {
  let running: Promise<unknown> = Promise.resolve()
  let next: { names: Set<string>; found: Promise<Map<string, Found>> } | undefined
  const gather = () => {
    const names = new Set<string>()
    const found = running.then(() => {
      next = undefined
      return lookUp([...names])
    })
    running = found.catch(() => {}) // the callers receive the error from `found`; the next look-up still runs
    return { names, found }
  }
  return async (name: string): Promise<Found | undefined> => {
    next ??= gather()
    next.names.add(name)
    return (await next.found).get(name)
  }
}

/** Caches the results of `lookUp` for 5 s, or until a host is removed. */
export function cached<Found extends object>(lookUp: (name: string) => Promise<Found | undefined>, bus: Bus) {
  const newCache = () => new LRUCache<string, Found>({ max: cachedMax, ttl: cacheMs, perf: Date })
  let cache = newCache()
  bus.subscribe(topics.hostRemoved, () => {
    cache = newCache() // a look-up that has already started stores its result in the old cache
  })
  return {
    async named(name: string): Promise<Found | undefined> {
      const current = cache
      const known = current.get(name)
      if (known) return known
      const found = await lookUp(name)
      if (found) current.set(name, found)
      return found
    },
    /** The last result, even if it is older than 5 s. */
    remembered: (name: string) => cache.get(name, { allowStale: true, noDeleteOnStaleGet: true }),
    forget: (name: string) => cache.delete(name),
  }
}
