import { expect, test } from 'vitest'
import { readJson } from './json.ts'

test.each([
  ['{"ref": nope}', 1, 9, 'found "nope}" where a value should be'],
  ['{"a": 1,}', 1, 9, 'found "}" where a name in quotes should be'],
  ['[1,]', 1, 4, 'found "]" where a value should be'],
  ['[1 2]', 1, 4, 'found "2]" where , or the closing bracket should be'],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'found "\\"b\\": 2\\n}" where , or the closing bracket should be'],
  ['', 1, 1, 'found the end where a value should be'],
  ['{"a": {"b": [1', 1, 15, 'found the end where , or the closing bracket should be'],
  ["{'a': 1}", 1, 2, 'found "\'a\': 1}" where a name in quotes or } should be'],
  ['{} x', 1, 4, 'found "x" where the end should be'],
  ['"a\nb"', 1, 1, 'found "\\"a\\nb\\"" where a value should be'],
  ['[01]', 1, 2, 'found "01]" where a value or ] should be'],
  ['{"a" 1}', 1, 6, 'found "1}" where : should be'],
  ['[1}', 1, 3, 'found "}" where , or the closing bracket should be'],
])('the parser reports the position of the error in %j', (text, line, column, problem) => {
  expect(readJson(text)).toEqual({ kind: 'malformed', line, column, problem })
})

test('if a long text has no end, the parser refuses the text in linear time', { timeout: 60_000 }, () => {
  const long = 'a'.repeat(1_000_000)
  for (const text of [`"${long}`, `{"${long}`, `["\\u0061${long}\x7f`, `"${'\\n'.repeat(8_000_000)}`])
    expect(readJson(text)).toMatchObject({ kind: 'malformed' })
})

test('the parser reads valid JSON', () => {
  const value = { a: [1, -2.5e-3, 'ü \\ " \n \u007f', true, null, {}, []], '': { b: '' } }
  expect(readJson(JSON.stringify(value, null, 2))).toEqual({ kind: 'value', value })
})

test('the parser gives a position for every missing end and every wrong character', () => {
  const text = JSON.stringify({ a: [1, 'x\u0085\n', true, { b: null }], c: -1.5e9 })
  for (let at = 0; at < text.length; at++) {
    expect(readJson(text.slice(0, at))).toMatchObject({ kind: 'malformed' })
    const wrong = readJson(`${text.slice(0, at)}\u0001${text.slice(at)}`)
    if (wrong.kind !== 'malformed') throw new Error(`a control character at ${at} was accepted`)
    // For an error in a string or a number, the position is the beginning of this string or number.
    expect(wrong.column).toBeGreaterThan(0)
    expect(wrong.column).toBeLessThanOrEqual(at + 1)
  }
})

test('the parser finds an error at the end of a long text quickly', () => {
  const text = `{"a": "${'x'.repeat(4_000_000)}", "b": nope}`
  expect(readJson(text)).toMatchObject({ kind: 'malformed', column: text.length - 4 })
})
