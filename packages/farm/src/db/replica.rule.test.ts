import { expect, test } from 'vitest'
import { neededPosition } from './replica.rule.ts'

test.each([
  ['at the first look, the replica needs all that the primary has', undefined, '0/9'],
  ['after a second, it needs what the primary had then', { at: 9_000, primary: '0/5' }, '0/5'],
  ['after five seconds too', { at: 5_000, primary: '0/5' }, '0/5'],
  ['after a longer pause, it needs all', { at: 4_999, primary: '0/5' }, '0/9'],
])('%s', (_, before, needed) => {
  expect(neededPosition({ at: 10_000, primary: '0/9' }, before)).toBe(needed)
})
