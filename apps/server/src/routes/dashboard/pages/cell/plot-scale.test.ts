import { expect, test } from 'vitest'
import { scaleOf } from './plot-scale.ts'

const minute = 60_000
const day = 24 * 60 * minute

test.each([
  { durations: [], labels: ['0', '0.1 s'] },
  { durations: [5], labels: ['0', '0.1 s'] },
  { durations: [42_000], labels: ['0', '15 s', '30 s', '45 s'] },
  { durations: [3 * minute + 1], labels: ['0', '1 min', '2 min', '3 min', '4 min'] },
  { durations: [100 * minute, 5], labels: ['0', '30 min', '1 h', '1 h 30 min', '2 h'] },
  { durations: [6 * 60 * minute], labels: ['0', '2 h', '4 h', '6 h'] },
  { durations: [3 * day], labels: ['0', '1 d', '2 d', '3 d'] },
])('the axis for $durations has the lines $labels', ({ durations, labels }) =>
  expect(scaleOf(durations).ticks.map(({ label }) => label)).toEqual(labels),
)

test.each([1e-3, 1, 99, 1234, 1e5, 1e7, 1e9, 1e11, 1e13])('every duration has at most five lines: %d ms', longest => {
  const { max, ticks } = scaleOf([longest])
  expect(ticks.length).toBeGreaterThanOrEqual(2)
  expect(ticks.length).toBeLessThanOrEqual(5)
  expect(max).toBeGreaterThanOrEqual(longest)
  expect(ticks.at(-1)?.milliseconds).toBe(max)
})
