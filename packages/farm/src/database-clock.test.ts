import { expect, test } from 'vitest'
import { DatabaseClock } from './database-clock.ts'

const start = Date.parse('2026-01-02T03:04:05Z')

/** A machine whose clock is wrong by `wrongMs`, and a database whose clock is right. */
function machine({ wrongMs = 0, answerMs = 0 } = {}) {
  const time = { passed: 0, wrongMs, asleep: 0, answerMs, database: 0 }
  const measure = async () => {
    time.passed += time.answerMs / 2
    const said = start + time.passed + time.database
    time.passed += time.answerMs / 2
    return said
  }
  const local = {
    system: () => start + time.passed + time.wrongMs,
    monotonic: () => time.passed - time.asleep,
  }
  const clock = new DatabaseClock(measure, local)
  const error = () => clock.now().getTime() - start - time.passed
  return { time, clock, error }
}

test('before the first measurement, the time is that of the machine', () => {
  const { error } = machine({ wrongMs: 60_000 })
  expect(error()).toBe(60_000)
})

test('a right clock of the machine is used as it is', async () => {
  const { clock, error, time } = machine({ wrongMs: 3, answerMs: 20 })
  await clock.measure()
  time.passed += 1_000
  expect(error()).toBe(3)
})

for (const wrongMs of [60_000, -60_000]) {
  test(`if the clock of the machine is wrong by ${wrongMs / 1000} s, the time is that of the database`, async () => {
    const { clock, error, time } = machine({ wrongMs, answerMs: 20 })
    await clock.measure()
    time.passed += 30_000
    expect(Math.abs(error())).toBeLessThanOrEqual(10)
    expect(Math.abs(clock.aheadMs - wrongMs)).toBeLessThanOrEqual(10)
  })
}

test('while the known time can be right, it has no steps', async () => {
  const { clock, error, time } = machine({ wrongMs: 60_000, answerMs: 2 })
  await clock.measure()
  const before = error()
  time.answerMs = 400
  await clock.measure()
  expect(error()).toBe(before)
})

test('if somebody sets the clock of the machine, the time does not change', async () => {
  const { clock, error, time } = machine()
  await clock.measure()
  time.wrongMs = 3_600_000
  expect(error()).toBe(0)
})

test('after the machine has slept, the next look at the time measures again', async () => {
  const { clock, error, time } = machine()
  await clock.measure()
  time.passed += 3_600_000
  time.asleep = 3_600_000
  expect(error()).toBe(-3_600_000)
  await clock.measure() // the measurement that began with the look
  expect(error()).toBe(0)
})

test('a measurement that took long changes nothing', async () => {
  const { clock, error, time } = machine()
  await clock.measure()
  time.answerMs = 10_000
  time.database = 60_000
  await clock.measure()
  expect(error()).toBe(0)
})

test('if another database with another clock takes over, its time counts', async () => {
  const { clock, error, time } = machine()
  await clock.measure()
  time.database = 60_000
  await clock.measure()
  expect(error()).toBe(60_000)
})
