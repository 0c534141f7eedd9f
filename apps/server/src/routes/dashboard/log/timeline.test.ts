import { expect, test } from 'vitest'
import { Timeline } from './timeline.ts'

const startedAt = new Date('2024-05-06T07:08:09Z')
const after = (seconds: number) => startedAt.getTime() + seconds * 1000
const text = (html: string | undefined) => html?.replace(/<[^>]*>/g, '').trim()

test('the page shows each time only at the first line that has this time', () => {
  const times = [
    { offset: 0, at: after(0) },
    { offset: 100, at: after(65) },
    { offset: 200, at: after(3661) },
  ]
  const timeline = new Timeline(times, startedAt)
  expect([40, 80, 120, 160, 240, 280].map(end => text(timeline.startOf(end)))).toEqual([
    '0:00',
    undefined,
    '1:05',
    undefined,
    '1:01:01',
    undefined,
  ])
  expect(new Timeline(times, startedAt).startOf(10)).toContain('datetime="2024-05-06T07:08:09.000Z"')
})

test('a log without recorded times has no times', () => {
  const timeline = new Timeline([], startedAt)
  expect([timeline.isKnown, timeline.startOf(10)]).toEqual([false, undefined])
})
