/** The name under which all names above the limit count together. */
export const other = 'other'

/**
 * Limits the number of different values of a label, because each value costs memory here and in the monitoring. The
 * first `max` names keep their name. Later names count as `other`.
 */
export function boundedNames(max: number): (name: string) => string {
  const known = new Set<string>()
  return name => {
    if (known.has(name)) return name
    if (known.size >= max) return other
    known.add(name)
    return name
  }
}
