import { expect, test } from 'vitest'
import { findLines, foundLinesMax } from './search.ts'

/** A log that arrives in pieces of `pieceBytes`. */
const logOf = (text: string, pieceBytes = 7) => {
  const bytes = Buffer.from(text)
  return {
    size: bytes.length,
    *read(start: number, end: number) {
      for (let at = start; at < end; at += pieceBytes) yield bytes.subarray(at, Math.min(end, at + pieceBytes))
    },
  }
}

test.each([
  ['error', 'ok\nError: one\nfine\nan error, and one more error\n', [2, 4]],
  [
    'undefined reference',
    `${'x'.repeat(20)}\nundefined reference to a\n\nundefined\nreference\nundefined REFERENCE`,
    [2, 6],
  ],
  ['é', 'É\né\n', [2]],
  ['nothing', 'some\nlines\n', []],
  ['a', '', []],
  ['a\nb', 'a\nb\n', [1]],
])('a search for %j in %j finds the lines %j', async (text, log, lines) => {
  for (const pieceBytes of [1, 2, 7, 1000]) {
    expect(await findLines(logOf(log, pieceBytes), text)).toEqual({ text, lines, complete: true })
  }
})

test('a search counts each line once, and stops at its limit', async () => {
  const found = await findLines(logOf('error error\n'.repeat(foundLinesMax + 10), 4096), 'error')
  expect(found).toMatchObject({ complete: false })
  expect(found.lines).toHaveLength(foundLinesMax)
  expect(found.lines.at(-1)).toBe(foundLinesMax)
})

test('a search uses only the first 200 characters of its text', async () => {
  const { text, lines } = await findLines(logOf(`${'x'.repeat(200)}\n`, 50), 'x'.repeat(300))
  expect([text.length, lines]).toEqual([200, [1]])
})
