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
  const known = new Map<string, { host: Bearer; until: number }>()
  return async (authorization: string | undefined): Promise<Bearer | undefined> => {
    const credential = /^Bearer ([A-Za-z0-9._+-]{1,128})$/.exec(authorization ?? '')?.[1]
    if (credential === undefined) return undefined
    const remembered = known.get(credential)
    if (remembered && remembered.until > Date.now()) return remembered.host
    const host = await farm.hostBearing(credential)
    if (known.size >= knownMax) known.clear()
    if (host) known.set(credential, { host, until: Date.now() + knownMs })
    else known.delete(credential)
    return host
  }
}
