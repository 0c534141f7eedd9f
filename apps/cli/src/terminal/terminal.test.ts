import { expect, test } from 'vitest'
import { clean, cleanLog } from './clean.ts'
import { coloured, plain, styleFor } from './style.ts'
import { table } from './table.ts'
import { ago, duration, size } from './words.ts'

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { TERM: 'dumb' }, false],
])('in a terminal %s with %j there are colours: %s', (isTerminal, env, expected) =>
  expect(styleFor(isTerminal, env)('red', 'x')).toBe(expected ? '\u001b[31mx\u001b[0m' : 'x'),
)

test.each([
  ['a\nb\tc', 'a b c'],
  ['a\u001b[2Jb', 'a\ufffd[2Jb'],
  ['a\u202eb', 'a\ufffdb'],
  [' ü ', 'ü'],
])('%j in one line is %j', (text, expected) => expect(clean(text)).toBe(expected))

test.each([
  ['\u001b[1;31mred\u001b[0m\ttab', '\u001b[1;31mred\u001b[0m\ttab'],
  ['\u001b[2J\u001b[Hx', 'x'],
  ['\u001b]0;title\u0007x', 'x'],
  ['\u001b]52;c;cGF5bG9hZA==\u001b\\x', 'x'],
  ['\u001b[?25lx\u001b7', 'x'],
  ['\u001b[>4;2mx', 'x'],
  ['a\u0007b\u009bc', 'abc'],
  ['50%\r100%', '50%\r100%'],
  ['x\u001b', 'x'],
  ['x\u001b[', 'x'],
])('of the log line %j a terminal gets %j', (text, expected) => expect(cleanLog(text)).toBe(expected))

test('a table has columns, colours do not change their widths, and a terminal gets the begin of a long text', () => {
  const rows = [
    ['1', { text: 'failed', colour: 'red' as const }, 'a long text'],
    ['20', 'ok', 'x'],
  ]
  const head = ['N', 'STATUS', 'TEXT']
  expect(table(rows, { head, style: plain, columns: Number.POSITIVE_INFINITY })).toEqual([
    'N   STATUS  TEXT',
    '1   failed  a long text',
    '20  ok      x',
  ])
  expect(table(rows, { style: coloured, columns: 22 })[0]).toBe('1   \u001b[31mfailed\u001b[0m  a long te…')
  expect(table([], { head, style: plain, columns: 80 })).toEqual([])
})

test.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [185_000, '3 min 05 s'],
  [7_800_000, '2 h 10 min'],
  [180_000_000, '2 d 2 h'],
])('%d ms are %s', (milliseconds, expected) => expect(duration(milliseconds)).toBe(expected))

test.each([
  [-5, '0 s ago'],
  [59, '59 s ago'],
  [3599, '59 min ago'],
  [172_799, '47 h ago'],
  [172_800, '2 d ago'],
])('%d seconds before now is %s', (seconds, expected) => {
  const now = new Date('2024-05-06T07:08:09Z')
  expect(ago(new Date(now.getTime() - seconds * 1000).toISOString(), now)).toBe(expected)
})

test.each([
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
])('%d bytes are %s', (bytes, expected) => expect(size(bytes)).toBe(expected))
