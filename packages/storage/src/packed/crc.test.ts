import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { combined } from './crc.ts'

test.each([
  [0, 0],
  [0, 5],
  [5, 0],
  [1, 1],
  [1000, 3],
  [7, 524_288],
  [524_288, 100_001],
])('the CRC of %i and %i bytes follows from the CRCs of both', (first, second) => {
  const bytes = randomBytes(first + second)
  expect(combined(crc32(bytes.subarray(0, first)), crc32(bytes.subarray(first)), second)).toBe(crc32(bytes))
})
