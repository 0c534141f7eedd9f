import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { Cksum, cksum } from './cksum.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

/** Pseudorandom bytes. Every run of the tests gets the same bytes. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state >>> 16
  })
}

// The cksum programs of GNU, BSD and busybox print these numbers.
test.each([
  ['', 4294967295],
  ['a', 1220704766],
  ['abc', 1219131554],
  ['hello\n', 3015617425],
  ['123456789', 930766865],
  ['\0', 4215202376],
])('the CRC of %j is %i', (text, sum) => expect(cksum(bytes(text))).toBe(sum))

describe('the CRC is equal to the CRC of cksum(1)', () => {
  test.each([1, 15, 16, 17, 31, 255, 256, 257, 65_535, 65_536, 65_537, 1_000_003])(
    'the CRC of %i bytes is equal to the CRC of cksum(1)',
    length => {
      const piece = noise(length)
      const printed = spawnSync('cksum', { input: piece, encoding: 'utf8' })
      expect(`${cksum(piece)} ${length}`).toBe(printed.stdout.trim())
    },
  )
})

test.each([1, 3, 16, 17, 1000])('if bytes arrive in pieces of %i bytes, the CRC is the CRC of all bytes', size => {
  const whole = noise(10_007)
  const sum = new Cksum()
  for (let at = 0; at < whole.length; at += size) sum.update(whole.subarray(at, at + size))
  expect(sum.digest()).toBe(cksum(whole))
  expect(sum.bytes).toBe(whole.length)
})

test('the digest of the bytes so far can be read at any time, and more bytes can follow', () => {
  const sum = new Cksum().update(bytes('abc'))
  expect(sum.digest()).toBe(cksum(bytes('abc')))
  expect(sum.update(bytes('def')).digest()).toBe(cksum(bytes('abcdef')))
})

test.each([
  [0, 0],
  [0, 5],
  [5, 0],
  [1, 1],
  [19, 65_536],
  [65_536, 65_536],
  [70_001, 1_000_003],
])('the CRC of %i bytes and %i appended bytes is the CRC of all bytes', (first, second) => {
  const whole = noise(first + second)
  const sum = new Cksum().update(whole.subarray(0, first)).append(new Cksum().update(whole.subarray(first)))
  expect(sum.digest()).toBe(cksum(whole))
  expect(sum.bytes).toBe(whole.length)
})
