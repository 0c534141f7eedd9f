import { expect, test } from 'vitest'
import { countedBytesMax, LineIndex, lineIndexOf } from './line-index.ts'

const lineBytes = 100
const lines = 40_000 // 4 MB
const bytes = Buffer.from(`${'x'.repeat(lineBytes - 1)}\n`.repeat(lines))

const countedLog = () => {
  const log = {
    size: bytes.length,
    bytesRead: 0,
    *read(start: number, end: number) {
      for (let at = start; at < end; at += 65_536) {
        const piece = bytes.subarray(at, Math.min(end, at + 65_536))
        log.bytesRead += piece.length
        yield piece
      }
    },
  }
  return log
}

test.each([0, 1, 99, 100, 1_048_576, 3_999_999, 4_000_000])(
  'the index counts the lines before byte %i',
  async offset => {
    expect(await new LineIndex().linesBefore(countedLog(), offset)).toBe(Math.floor(offset / lineBytes))
  },
)

test.each([1, 2, 3, 10_486, 10_487, 39_999, lines])('the index finds the offset of line %i', async line => {
  expect(await new LineIndex().offsetOf(countedLog(), line)).toBe((line - 1) * lineBytes)
})

test('the index has no offset for a line that the log does not have', async () => {
  expect(await new LineIndex().offsetOf(countedLog(), lines + 2)).toBeUndefined()
})

test('a second request reads at most one MB', async () => {
  const [index, log] = [new LineIndex(), countedLog()]
  await index.linesBefore(log, 3_900_000)
  log.bytesRead = 0
  await Promise.all([index.linesBefore(log, 3_800_000), index.offsetOf(log, 30_000)])
  expect(log.bytesRead).toBeLessThan(2 * 1_048_576 + 65_536)
})

test('requests at the same moment get the same numbers', async () => {
  const [index, log] = [new LineIndex(), countedLog()]
  const found = await Promise.all([3_900_000, 2_000_000, 3_900_000].map(offset => index.linesBefore(log, offset)))
  expect(found).toEqual([39_000, 20_000, 39_000])
})

test('the server does not count the lines of a very large log', async () => {
  expect(await new LineIndex().linesBefore(countedLog(), countedBytesMax + 1)).toBeUndefined()
})

test('the server keeps the index of a finished log only', () => {
  expect(lineIndexOf('7.1', true)).toBe(lineIndexOf('7.1', true))
  expect(lineIndexOf('7.2', false)).not.toBe(lineIndexOf('7.2', false))
})
