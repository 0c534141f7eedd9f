import { expect, test } from 'vitest'
import { nameOfTimes, nextTime, timesProblem } from './times.rule.ts'

const berlin = 'Europe/Berlin'

test.each<[string, string, string, string, string[]]>([
  ['each night', '0 2 * * *', 'UTC', '2024-05-06T07:08:09Z', ['2024-05-07T02:00:00Z', '2024-05-08T02:00:00Z']],
  ['the time itself is not after itself', '0 2 * * *', 'UTC', '2024-05-07T02:00:00Z', ['2024-05-08T02:00:00Z']],
  [
    'a time that does not exist in spring runs an hour later',
    '30 2 * * *',
    berlin,
    '2024-03-30T12:00:00Z',
    ['2024-03-31T01:30:00Z', '2024-04-01T00:30:00Z'],
  ],
  [
    'a time that exists twice in autumn runs once',
    '30 2 * * *',
    berlin,
    '2024-10-26T12:00:00Z',
    ['2024-10-27T00:30:00Z', '2024-10-28T01:30:00Z'],
  ],
  [
    'between the two equal times of autumn, the next is tomorrow',
    '30 2 * * *',
    berlin,
    '2024-10-27T00:45:00Z',
    ['2024-10-28T01:30:00Z'],
  ],
  [
    'every hour of the day with 25 hours',
    '0 * * * *',
    berlin,
    '2024-10-26T23:45:00Z',
    ['2024-10-27T00:00:00Z', '2024-10-27T01:00:00Z', '2024-10-27T02:00:00Z'],
  ],
  [
    'where the clock changes by half an hour, a time that does not exist does not run',
    '15 2 * * *',
    'Australia/Lord_Howe',
    '2024-10-05T00:00:00Z',
    ['2024-10-06T15:15:00Z'],
  ],
  ['a leap day', '0 0 29 2 *', 'UTC', '2024-03-01T00:00:00Z', ['2028-02-29T00:00:00Z']],
])('%s', (_, cron, timeZone, from, times) => {
  let at = new Date(from)
  const found = times.map(() => {
    at = nextTime({ cron, timeZone }, at)
    return at.toISOString().replace('.000', '')
  })
  expect(found).toEqual(times)
})

test.each<[string, string, RegExp | undefined]>([
  ['0 2 * * *', 'UTC', undefined],
  ['0 2 * * THU', berlin, undefined],
  ['*/5 * * * *', 'UTC', undefined],
  ['*/4 * * * *', 'UTC', /more often than every 5 minutes/],
  ['H 2 * * *', 'UTC', /H is not possible/],
  ['61 2 * * *', 'UTC', /0-59/],
  ['0 0 31 2 *', 'UTC', /day of month/],
  ['0 2 * * *', 'Mars/Olympus', /no time zone has the name/],
])('%s in %s', (cron, timeZone, problem) => {
  const found = timesProblem({ cron, timeZone })
  if (problem === undefined) expect(found).toBeUndefined()
  else expect(found).toMatch(problem)
})

test.each([
  ['0 2 * * *', 'nightly'],
  ['0 12 * * *', 'daily'],
  ['0 2 * * SUN', 'weekly'],
  ['0 2 1 * *', 'monthly'],
  ['0 2 * 1 *', '0 2 * 1 *'],
  ['0,30 2 * * *', '0,30 2 * * *'],
])('%s is called %s', (cron, name) => expect(nameOfTimes(cron)).toBe(name))
