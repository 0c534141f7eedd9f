import { expect, test } from 'vitest'
import { nextTry } from './waits.rule.ts'

const wanted = new Date('2026-01-01T00:00:00Z')
const after = (seconds: number) => new Date(wanted.getTime() + seconds * 1000)

test.each([
  [1, 0, 5],
  [2, 5, 20],
  [3, 20, 80],
  [4, 80, 380],
  [7, 4000, 7600],
  [50, 80_000, 83_600],
  [50, 82_900, undefined], // the next try would be more than a day after the change
])('after %i tries, the farm tries again', (tries, at, next) => {
  expect(nextTry(tries, wanted, after(at))).toEqual(next === undefined ? undefined : after(next))
})

test('a forge that is away for a day gets about 30 tries', () => {
  let at = wanted
  let tries = 0
  for (let next: Date | undefined = at; next; next = nextTry(tries, wanted, at)) {
    at = next
    tries++
  }
  expect(tries).toBeGreaterThan(25)
  expect(tries).toBeLessThan(35)
  expect(at.getTime() - wanted.getTime()).toBeGreaterThan(22 * 3600_000)
})
