import type { WrittenProject } from '@rumpfarm/contracts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'

/** A host moves each path by itself, so no path can be inside another. */
export const cacheFindings = ({ cache = [] }: WrittenProject): Finding[] =>
  cache.flatMap((path, index) => {
    const outer = cache.find((other, at) => (other === path ? at < index : path.startsWith(`${other}/`)))
    if (outer === undefined) return []
    const expected = `a path that is not inside ${outer}`
    return [{ path: ['cache', index], at: 'value' as const, found: show(path), expected }]
  })
