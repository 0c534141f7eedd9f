// A version such as 1.2.0+17 has numbers and the checksum of the agent's bundle. Only the numbers have an order.

/** The reason, for the host's owner, why an old agent gets no jobs; null if the agent is new enough. */
export function tooOld(version: string, floor: string | undefined): string | null {
  if (floor === undefined || !isBelow(version, floor)) return null
  return `agent too old (${version.split('+')[0]}, needs ${floor}): gets no jobs`
}

/** A version that does not begin with numbers counts as too old. */
export function isBelow(version: string, floor: string): boolean {
  const has = numbersOf(version)
  if (!has) return true
  const differs = (numbersOf(floor) ?? [])
    .map((number, index) => (has[index] ?? 0) - number)
    .find(difference => difference !== 0)
  return (differs ?? 0) < 0
}

const numbersOf = (version: string): number[] | undefined =>
  /^\d{1,6}(\.\d{1,6}){0,2}/.exec(version)?.[0].split('.').map(Number)
