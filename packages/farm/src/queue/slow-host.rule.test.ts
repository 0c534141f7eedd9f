import { expect, test } from 'vitest'
import { isSlow, usualJobMs } from './slow-host.rule.ts'

const minute = 60_000

test.each([
  [[], null, false],
  [[90, 90], null, false],
  [[5, 90, 31], 31, true],
  [[5, 90, 30], 30, false],
  [[40, 1, 2, 3, 50], 3, false],
  [[1, 2, 40, 50], 2, false],
  [[40, 50, 1, 60, 70], 50, true],
])('a host whose newest jobs took %j minutes has the median %j, and is slow: %s', (minutes, median, slow) => {
  const usual = usualJobMs(minutes.map(one => one * minute))
  expect([usual === null ? null : usual / minute, isSlow(usual)]).toEqual([median, slow])
})
