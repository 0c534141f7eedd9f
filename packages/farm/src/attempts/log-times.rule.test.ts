import { expect, test } from 'vitest'
import { completeTimes } from './log-times.rule.ts'

const start = 1_700_000_000_000
const startedAt = new Date(start)
const after = (seconds: number) => new Date(start + seconds * 1000)
const time = (offset: number, seconds: number) => ({ offset, at: start + seconds * 1000 })

test.each([
  ['the bytes before the first stored time arrived at the start', [time(90, 7)], 60, [time(0, 0), time(90, 7)]],
  ['a short job has only the time of its start', [], 3, [time(0, 0)]],
  ['the times of a long log of an older farm are unknown', [], 60, []],
  ['an older farm stored the time of the first byte', [time(0, 1), time(90, 7)], 60, [time(0, 1), time(90, 7)]],
])('%s', (_name, times, seconds, complete) => {
  expect(completeTimes(times, { startedAt, endedAt: after(seconds) })).toEqual(complete)
})

test('without a start, the farm knows only the stored times', () => {
  expect(completeTimes([time(90, 7)], { startedAt: null, endedAt: after(9) })).toEqual([time(90, 7)])
})
