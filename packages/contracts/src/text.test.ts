import { expect, test } from 'vitest'
import { cut, storable, storableText } from './text.ts'

test('NUL and lone surrogates become U+FFFD, and other text does not change', () => {
  expect(storableText('a\0b\ud83dc\ude00')).toBe('a\uFFFDb\uFFFDc\uFFFD')
  expect(storableText('é 😀\n')).toBe('é 😀\n')
})

test('NUL and half characters are replaced in every text of a nested value, and bytes and dates do not change', () => {
  const bytes = Buffer.from([0])
  const at = new Date(0)
  const value = { list: ['\0', 1, null], '__proto__\0': { inner: '\ud83d' }, bytes, at, none: undefined }
  expect(storable(value)).toEqual({
    list: ['\uFFFD', 1, null],
    '__proto__\uFFFD': { inner: '\uFFFD' },
    bytes,
    at,
    none: undefined,
  })
  expect(Object.keys(storable(JSON.parse('{"__proto__": "x"}')))).toEqual(['__proto__'])
})

test('a shortened text never ends in half a surrogate pair', () => {
  expect(cut('ab😀', 3)).toBe('ab')
  expect(cut('ab😀', 4)).toBe('ab😀')
  expect(cut('abc', 2)).toBe('ab')
})
