import { storable } from '@rumpfarm/contracts'

/**
 * Makes every text argument storable before the method runs. PostgreSQL can store neither NUL nor a lone surrogate, and
 * texts of hosts, git, people and farm.yaml can contain both.
 */
export function withStorableArguments<Methods extends object>(methods: Methods): Methods {
  const guarded = Object.entries(methods).map(([name, run]) => [
    name,
    (...given: unknown[]) => run(...given.map(storable)),
  ])
  return Object.fromEntries(guarded)
}
