import { expect, test } from 'vitest'
import { startTimes } from './start-times.rule.ts'

const at = new Date('2024-05-06T07:00:00Z')
const minutes = (count: number) => new Date(at.getTime() + count * 60_000)
const jobs = (...expected: (number | null)[]) =>
  expected.map(count => ({ expectedMs: count === null ? null : count * 60_000 }))

test.each([
  ['an idle host', { slots: 1, running: [], waiting: jobs(5, 5, 5) }, [0, 5, 10]],
  ['a busy host', { slots: 1, running: [minutes(7)], waiting: jobs(5, 5) }, [7, 12]],
  ['a late job', { slots: 1, running: [minutes(-7)], waiting: jobs(5, 5) }, [0, 5]],
  ['two slots', { slots: 2, running: [minutes(3)], waiting: jobs(10, 5, 1) }, [0, 3, 8]],
  ['a running job without a known end', { slots: 1, running: [null], waiting: jobs(5) }, [null]],
  ['one of two ends is known', { slots: 2, running: [null, minutes(3)], waiting: jobs(5, 5) }, [3, 8]],
  ['a waiting job without a known duration', { slots: 1, running: [], waiting: jobs(5, null, 5) }, [0, 5, null]],
  ['no slots', { slots: 0, running: [], waiting: jobs(5) }, [null]],
])('the start times of the jobs of %s', (_name, load, expected) =>
  expect(startTimes(load, at)).toEqual(expected.map(count => (count === null ? null : minutes(count)))),
)
