import { expect, test } from 'vitest'
import { age, byteCount, duration, moment } from './times.ts'

test.each([
  [0, '0.0 s'],
  [349, '0.3 s'],
  [9_999, '9.9 s'],
  [42_000, '42 s'],
  [131_000, '2 min 11 s'],
  [3_600_000, '1 h 00 min'],
  [21_900_000, '6 h 05 min'],
  [273_600_000, '3 d 04 h'],
  [-5, '0.0 s'],
])('a page shows a duration of %i ms as %s', (milliseconds, text) => expect(duration(milliseconds)).toBe(text))

const at = new Date('2024-05-06T07:08:09Z')
test.each([
  ['2024-05-06T07:08:00Z', '9 s'],
  ['2024-05-06T07:01:00Z', '7 min'],
  ['2024-05-05T07:08:00Z', '24 h'],
  ['2024-05-03T07:08:00Z', '3 d'],
  ['2023-05-06T07:08:00Z', '12 months'],
  ['2024-05-06T07:09:00Z', '0 s'],
])('a page shows the time %s as %s ago', (from, text) => expect(age(new Date(from), at)).toBe(text))

test('a page shows a time in UTC', () => expect(moment(at)).toBe('2024-05-06 07:08 UTC'))

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1400, '1.4 kB'],
  [20_000, '20 kB'],
  [1_400_000, '1.4 MB'],
  [2_500_000_000, '2.5 GB'],
])('a page shows %i bytes as %s', (bytes, text) => expect(byteCount(bytes)).toBe(text))
