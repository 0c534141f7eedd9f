import { expect, test } from 'vitest'
import { LineIndex } from './line-index.ts'
import { readLines, readLinesBytesMax } from './read-lines.ts'

/** A log that arrives in pieces of three bytes. */
const logOf = (text: string) => {
  const bytes = Buffer.from(text)
  return {
    size: bytes.length,
    index: new LineIndex(),
    *read(start: number, end: number) {
      for (let at = start; at < end; at += 3) yield bytes.subarray(at, Math.min(end, at + 3))
    },
  }
}

const log = 'one\ntwo\n\nfour'
const whole = { start: 0, number: 1, end: log.length, limit: 10, growing: false }

test.each([
  ['all lines', whole, ['1 one', '2 two', '3 ', '4 four'], false],
  ['only whole lines of a growing log', { ...whole, growing: true }, ['1 one', '2 two', '3 '], false],
  ['at most `limit` lines', { ...whole, limit: 2 }, ['1 one', '2 two'], true],
  ['exactly `limit` lines', { ...whole, limit: 4 }, ['1 one', '2 two', '3 ', '4 four'], false],
  ['the lines before `end`', { ...whole, start: 4, number: 2, end: 8 }, ['2 two'], false],
  ['no lines', { ...whole, start: 8, end: 8 }, [], false],
])('%s', async (_, request, expected, more) => {
  const found = await readLines(logOf(log), request)
  expect(found.lines.map(({ number, bytes }) => `${number} ${Buffer.from(bytes)}`)).toEqual(expected)
  expect(found.more).toBe(more)
})

test('each line has the offset after its line feed', async () => {
  const { lines } = await readLines(logOf(log), whole)
  expect(lines.map(({ end }) => end)).toEqual([4, 8, 9, 13])
})

test('of a line that is longer than one read, only the start is read', async () => {
  const bytes = new Uint8Array(readLinesBytesMax).fill(97)
  const long = { size: 2 * bytes.length, index: new LineIndex(), read: () => [bytes] }
  const { lines, more } = await readLines(long, { ...whole, end: long.size })
  expect([lines.length, lines[0]?.bytes.length, lines[0]?.length, more]).toEqual([1, 4096, readLinesBytesMax, true])
})
