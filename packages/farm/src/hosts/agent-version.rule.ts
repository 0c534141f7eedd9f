// Only the numbers of an agent's version have an order. What follows them is the checksum of its bundle.

/** Why an agent gets no jobs, for its owner; null: it is new enough. */
export function tooOld(version: string, floor: string | undefined): string | null {
  if (floor === undefined || !isBelow(version, floor)) return null
  return `agent too old (${version.split('+')[0]}, needs ${floor}): drains`
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
