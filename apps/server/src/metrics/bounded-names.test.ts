import { expect, test } from 'vitest'
import { boundedNames } from './bounded-names.ts'

test('names above the limit count as "other", and known names keep their name', () => {
  const bounded = boundedNames(2)
  expect(['one', 'two', 'three', 'one', 'four', 'two'].map(bounded)).toEqual([
    'one',
    'two',
    'other',
    'one',
    'other',
    'two',
  ])
})
