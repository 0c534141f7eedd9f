import { expect, test } from 'vitest'
import { plainScalars } from './plain-scalars.rule.ts'

const none = { integers: [], fractions: false, booleans: [], nothing: false }

test.each([
  ['^([1-9]|10)$', { ...none, integers: [{ minimum: 1, maximum: 10 }] }],
  ['^[0-3]$', { ...none, integers: [{ minimum: 0, maximum: 3 }] }],
  [
    '^(2|4)$',
    {
      ...none,
      integers: [
        { minimum: 2, maximum: 2 },
        { minimum: 4, maximum: 4 },
      ],
    },
  ],
  ['^[1-9][0-9]{3}$', { ...none, integers: [{ minimum: 1000, maximum: 9999 }] }],
  // a commit of digits can begin with zeros, which an editor drops
  ['^[0-9a-f]{7,64}$', { ...none, integers: [{ minimum: 0 }] }],
  ['^[0-9]{1,4}$', { ...none, integers: [{ minimum: 0, maximum: 9999 }] }],
  ['^[0-9]+ ?(kB|MB)$', none],
  ['^(true|false)$', { ...none, booleans: [true, false] }],
  ['^(?!-)[^ ]+$', { integers: [{ minimum: 0 }], fractions: true, booleans: [true, false], nothing: false }],
  ['^[^\\n]{0,1000}$', { integers: [{}], fractions: true, booleans: [true, false], nothing: true }],
])('the texts of %s are these numbers and booleans', (pattern, expected) => {
  expect(plainScalars(pattern)).toEqual(expected)
})
