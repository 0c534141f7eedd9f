import type { HostFacts } from '@rumpfarm/contracts'

const labels: Record<string, string> = { uname_s: 'system', uname_r: 'release', uname_m: 'machine', uname_v: 'version' }
const changesMax = 5

/** The differences between two lists of host facts, such as `gcc 7.5 → 10.4`; at most five. */
export function factChanges(before: HostFacts, after: HostFacts): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  const changed = names.filter(name => before[name] !== after[name])
  const shown = changed
    .slice(0, changesMax)
    .map(name => `${labelOf(name)} ${textOf(before, name)} → ${textOf(after, name)}`)
  return changed.length > changesMax ? [...shown, `${changed.length - changesMax} more`] : shown
}

const labelOf = (name: string): string => labels[name] ?? name.replace(/^tool_/, '')

const textOf = (facts: HostFacts, name: string): string => String(facts[name] ?? 'none').slice(0, 80)
