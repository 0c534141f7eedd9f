import type { Farm } from '@rumpfarm/farm'
import { type Bus, topics } from '../../events/bus.ts'

export interface Bearer {
  id: number
  name: string
}

// A heartbeat every 2 s of 1,000 hosts would be 500 look-ups a second. Should the message that a host was removed be lost,
// its credential works this much longer.
const knownMs = 5_000
const knownMax = 10_000

/** Who sends this request: hosts by their credentials, remembered for a few seconds. */
export function bearers(farmHosts: Pick<Farm['hosts'], 'findByCredentials'>, bus: Bus) {
  const hosts = remembering(
    gathered(credentials => farmHosts.findByCredentials(credentials)),
    bus,
  )
  return async (authorization: string | undefined): Promise<Bearer | undefined> => {
    const credential = /^Bearer ([A-Za-z0-9._+-]{1,128})$/.exec(authorization ?? '')?.[1]
    return credential === undefined ? undefined : hosts.named(credential)
  }
}

/**
 * One look-up at a time; what is asked meanwhile goes into the next one, all together. So a flood of wrong credentials keeps one
 * connection to the database busy, and a host with the right one, also behind the same address, is found among them.
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
    running = found.catch(() => {})
    return { names, found }
  }
  return async (name: string): Promise<Found | undefined> => {
    next ??= gather()
    next.names.add(name)
    return (await next.found).get(name)
  }
}

/** What `lookUp` has found of hosts, for a few seconds; all of it is looked up again when a host was removed. */
export function remembering<Found>(lookUp: (name: string) => Promise<Found | undefined>, bus: Bus) {
  let known = new Map<string, { found: Found; until: number }>()
  bus.subscribe(topics.hostRemoved, () => {
    known = new Map() // an answer that is still on its way goes into the old one
  })
  return {
    async named(name: string): Promise<Found | undefined> {
      const remembered = known.get(name)
      if (remembered && remembered.until > Date.now()) return remembered.found
      const now = known
      const found = await lookUp(name)
      if (now.size >= knownMax) now.clear()
      if (found) now.set(name, { found, until: Date.now() + knownMs })
      else now.delete(name)
      return found
    },
    forget: (name: string) => known.delete(name),
  }
}
