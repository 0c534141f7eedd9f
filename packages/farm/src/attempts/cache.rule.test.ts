import type { BuildKind } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { cacheOf } from './cache.rule.ts'

test.each<[BuildKind, boolean, string[]]>([
  ['branch', false, ['obj']],
  ['tag', false, ['obj']],
  ['pull-request', false, ['obj']],
  ['pull-request', true, []],
  ['branch', true, []],
  ['try', false, []],
])('for a build of the kind %s, if its code is from a fork: %s, the cache is %j', (kind, fork, cache) => {
  expect(cacheOf({ kind, fork, recipe: { cache: ['obj'] } })).toEqual(cache)
  expect(cacheOf({ kind, fork, recipe: {} })).toEqual([])
})
