import { expect, test } from 'vitest'
import { readRange } from './range.ts'

test.each([
  [undefined, undefined],
  ['bytes=0-0', { start: 0, end: 1 }],
  ['bytes=2-', { start: 2, end: 10 }],
  ['bytes=2-100', { start: 2, end: 10 }],
  ['Bytes = 2-3 ', { start: 2, end: 4 }],
  ['bytes=-4', { start: 6, end: 10 }],
  ['bytes=-100', { start: 0, end: 10 }],
  ['bytes=-0', 'outside'],
  ['bytes=10-', 'outside'],
  ['bytes=999999999999-', 'outside'],
  ['bytes=5-4', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,3-4', undefined],
  ['lines=0-1', undefined],
  ['bytes=a-b', undefined],
  ['bytes=99999999999999999999-', undefined],
])('for 10 bytes, the Range header %s means %j', (header, range) => expect(readRange(header, 10)).toEqual(range))

test('every range is outside of an empty file', () => {
  expect(readRange('bytes=0-', 0)).toBe('outside')
  expect(readRange('bytes=-5', 0)).toBe('outside')
})
