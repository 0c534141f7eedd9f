import { expect, test } from 'vitest'
import type { Recipe } from '../builds/plan.rule.ts'
import { probeRecipe } from './probe-recipe.rule.ts'

const recipe = {
  limits: { wallSeconds: 3600, attempts: 3 },
  steps: [
    { name: 'configure', run: 'a' },
    { name: 'build', run: 'b' },
    { name: 'tests', run: 'c' },
  ],
  artifacts: ['dist'],
} as unknown as Recipe

test('a probe ends after the failed step, without artifacts and without further attempts', () => {
  const probe = probeRecipe(recipe, { failedStep: 'build', verdict: 'failed' }, 100_000)
  expect(probe.steps.map(({ name }) => name)).toEqual(['configure', 'build'])
  expect(probe.artifacts).toEqual([])
  expect(probe.limits).toMatchObject({ wallSeconds: 300, attempts: 1 })
})

test.each([
  { expectedMs: 1000, verdict: 'failed', wallSeconds: 60 },
  { expectedMs: 3_600_000, verdict: 'failed', wallSeconds: 3600 },
  { expectedMs: null, verdict: 'failed', wallSeconds: 3600 },
  { expectedMs: 1000, verdict: 'timed-out', wallSeconds: 3600 },
] as const)('the limit of a probe of $expectedMs ms after $verdict is $wallSeconds s', expected => {
  const { limits } = probeRecipe(recipe, { failedStep: null, verdict: expected.verdict }, expected.expectedMs)
  expect(limits.wallSeconds).toBe(expected.wallSeconds)
})
