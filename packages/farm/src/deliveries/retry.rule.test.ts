import { expect, test } from 'vitest'
import { absentSecondsMax, nextTrySeconds, unreachableSecondsMax } from './retry.rule.ts'

function allTries({ absent = false, storageAway = false }): number[] {
  const times: number[] = []
  let sinceSeconds = 0
  for (let tries = 1; ; tries++) {
    const wait = nextTrySeconds({ tries, sinceSeconds, absent, storageAway })
    if (wait === undefined) return times
    sinceSeconds += wait
    times.push(sinceSeconds)
  }
}

test('the farm waits seconds at first, then minutes, then hours', () => {
  const times = allTries({})
  expect(times.slice(0, 6)).toEqual([2, 7, 17, 47, 107, 227])
  expect(times.filter(seconds => seconds < 60)).toHaveLength(4)
  expect(times.filter(seconds => seconds >= 3600).length).toBeGreaterThan(5)
})

test('the farm gives up a repository that does not answer after a day', () => {
  const last = allTries({}).at(-1) ?? 0
  expect(last).toBeLessThanOrEqual(unreachableSecondsMax)
  expect(last).toBeGreaterThan(unreachableSecondsMax - 14_400)
})

test('the farm gives up a missing commit after twenty minutes', () => {
  const last = allTries({ absent: true }).at(-1) ?? 0
  expect(last).toBeLessThanOrEqual(absentSecondsMax)
  expect(last).toBeGreaterThan(500)
})

test('while the bucket of the farm does not answer, the farm tries again at least each half minute, for a day', () => {
  const times = allTries({ storageAway: true })
  expect(times.slice(0, 6)).toEqual([2, 7, 17, 47, 77, 107])
  expect(times.at(-1)).toBeGreaterThan(unreachableSecondsMax - 30)
})
