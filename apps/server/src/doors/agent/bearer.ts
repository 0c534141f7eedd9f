import type { Farm } from '@rumpfarm/farm'

export interface Bearer {
  id: number
  name: string
}

// A heartbeat every 2 s of 1,000 hosts would be 500 look-ups a second; a withdrawn credential works at most this much longer.
const knownMs = 5_000
const knownMax = 10_000

/** Who sends this request: hosts by their credentials, remembered for a few seconds. */
export function bearers(farm: Pick<Farm, 'hostBearing'>) {
  const hosts = remembering(credential => farm.hostBearing(credential))
  return async (authorization: string | undefined): Promise<Bearer | undefined> => {
    const credential = /^Bearer ([A-Za-z0-9._+-]{1,128})$/.exec(authorization ?? '')?.[1]
    return credential === undefined ? undefined : hosts.named(credential)
  }
}

/** What `lookUp` has found, for a few seconds. */
export function remembering<Found>(lookUp: (name: string) => Promise<Found | undefined>) {
  const known = new Map<string, { found: Found; until: number }>()
  return {
    async named(name: string): Promise<Found | undefined> {
      const remembered = known.get(name)
      if (remembered && remembered.until > Date.now()) return remembered.found
      const found = await lookUp(name)
      if (known.size >= knownMax) known.clear()
      if (found) known.set(name, { found, until: Date.now() + knownMs })
      else known.delete(name)
      return found
    },
    forget: (name: string) => known.delete(name),
  }
}
