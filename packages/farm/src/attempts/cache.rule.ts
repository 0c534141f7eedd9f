import type { BuildKind } from '@rumpfarm/contracts'
import type { Recipe } from '../builds/plan.rule.ts'

/**
 * The paths that the host keeps from this job to the next job of the project. Code from a fork and a try get none:
 * otherwise they could change what later builds of a branch use.
 */
export const cacheOf = ({ kind, fork, recipe }: { kind: BuildKind; fork: boolean; recipe: Pick<Recipe, 'cache'> }) =>
  fork || kind === 'try' ? [] : (recipe.cache ?? [])
