/** A value that differs between two runs. An empty text means that the run did not have it. */
export interface Change {
  name: string
  before: string
  after: string
}

type Values = Readonly<Record<string, unknown>>

const changesMax = 50
const textMax = 200

/**
 * The stable facts of a host that differ between two times. Facts about the compilers of other arches do not matter for
 * the arch of the cell.
 */
export function changedFacts(before: Values | null, after: Values | null, arch: string): Change[] {
  if (!before || !after) return []
  const matters = (name: string) => !name.startsWith('compiler ') || name === `compiler ${arch}`
  return changedValues(before, after).filter(({ name }) => matters(name))
}

/** The names of the parts of a recipe that differ: steps, env, limits … */
export const changedParts = (before: Values, after: Values): string[] =>
  changedValues(before, after).map(({ name }) => name)

function changedValues(before: Values, after: Values): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names
    .map(name => ({ name, before: textOf(before[name]), after: textOf(after[name]) }))
    .filter(change => change.before !== change.after)
    .slice(0, changesMax)
    .map(change => ({ ...change, before: cut(change.before), after: cut(change.after) }))
}

const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)

const cut = (text: string): string => (text.length > textMax ? `${text.slice(0, textMax)}…` : text)
