import { createHash } from 'node:crypto'
import type { Recipe } from '../builds/plan.rule.ts'
import type { SearchedFailure } from './judge-probe.rule.ts'

/** A probe may take this many times as long as usual. A commit that takes longer is skipped. */
const durationsMax = 3
/** Shorter limits would end probes because of a slow disk or network. */
const wallSecondsMin = 60

/**
 * The recipe of a probe: the steps up to the failed step, without artifacts, and with one attempt, because the
 * bisection itself repeats a lost probe.
 */
export function probeRecipe(
  recipe: Recipe,
  { failedStep, verdict }: Pick<SearchedFailure, 'failedStep' | 'verdict'>,
  expectedMs: number | null,
): Recipe {
  const last = recipe.steps.findIndex(({ name }) => name === failedStep)
  const usual = expectedMs === null || verdict === 'timed-out' ? Number.POSITIVE_INFINITY : expectedMs / 1000
  const wallSeconds = Math.min(recipe.limits.wallSeconds, Math.max(wallSecondsMin, Math.ceil(durationsMax * usual)))
  return {
    ...recipe,
    limits: { ...recipe.limits, wallSeconds, attempts: 1 },
    steps: last < 0 ? recipe.steps : recipe.steps.slice(0, last + 1),
    artifacts: [],
  }
}

export const recipeHashOf = (recipe: Recipe): string =>
  createHash('sha256').update(JSON.stringify(recipe)).digest('hex')
