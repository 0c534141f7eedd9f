import { expect, test } from 'vitest'
import { readChecksum, writeChecksum } from './checksum.ts'

test.each([
  ['none', null],
  ['crc:4294967295', { kind: 'crc', value: '4294967295' }],
  ['crc:007', { kind: 'crc', value: '7' }],
  [`md5:${'a'.repeat(32)}`, { kind: 'md5', value: 'a'.repeat(32) }],
  [`sha256:${'0'.repeat(64)}`, { kind: 'sha256', value: '0'.repeat(64) }],
  ['', undefined],
  ['crc:', undefined],
  ['sha1:1', undefined],
  ['crc:1x', undefined],
  ['md5:abc', undefined],
  [`md5:${'A'.repeat(32)}`, undefined],
  [`sha256:${'a'.repeat(32)}`, undefined],
])('the farm reads %s as %o', (text, checksum) => expect(readChecksum(text)).toEqual(checksum))

test('the farm writes a checksum in the format that hosts send', () => {
  expect([writeChecksum(null), writeChecksum({ kind: 'crc', value: '7' })]).toEqual(['none', 'crc:7'])
})
