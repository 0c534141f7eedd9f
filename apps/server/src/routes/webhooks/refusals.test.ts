import { expect, test } from 'vitest'
import { openRefusals } from './refusals.ts'

test('the farm stores few refused deliveries in a minute, also across the full minute of the clock', () => {
  let time = 59_000
  const mayStore = openRefusals(2, () => time)
  expect([mayStore(), mayStore(), mayStore()]).toEqual([true, true, false])
  time = 61_000
  expect(mayStore()).toBe(false)
  time = 119_000
  expect(mayStore()).toBe(true)
  time = 1000
  expect([mayStore(), mayStore(), mayStore()]).toEqual([true, true, false])
})
