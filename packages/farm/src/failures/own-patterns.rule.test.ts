import { expect, test } from 'vitest'
import { lineMatcher, patternProblem } from './own-patterns.rule.ts'

test.each([
  ['^>> ERROR: ', undefined],
  ['(?i)panic', undefined],
  ['a(', 'missing closing ): `a(`'],
  ['(?=x)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(a)\\1', 'invalid escape sequence: `\\1`'],
  ['x*', 'it matches an empty line, so it would match every line'],
])('the problem of %s is: %s', (pattern, problem) => expect(patternProblem(pattern)).toBe(problem))

test('a line matches one of several patterns', () => {
  const { matches } = lineMatcher(['^one$', 'tw[o0]'])
  expect(['one', 'a two', 'one!', 'three'].map(matches)).toEqual([true, true, false, false])
  expect(lineMatcher([]).matches('anything')).toBe(false)
})

test('a pattern that would need years in a backtracking engine needs milliseconds', () => {
  const { matches } = lineMatcher(['(a*)*b', '(x+x+)+y'])
  const start = process.cpuUsage()
  expect(matches(`${'a'.repeat(2048)}${'x'.repeat(2048)}`)).toBe(false)
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000)
})

test.each([
  [['^one$'], 'zero\none\ntwo', true],
  [['^one$'], 'zero\nones\ntwo', false],
  [['^one$'], 'zero\none\r\ntwo', true],
  [['^one$'], 'zero\n\x1b[1mones\ntwo', true],
  [['\\Aone\\z'], 'zero\none\ntwo', true],
  [['(?-m:^)one'], 'zero\none\ntwo', true],
  [['(?-m)^one'], 'zero\none\ntwo', true],
  [['(?i)^ONE'], 'zero\none\ntwo', true],
  [['a', '^one$'], 'zero\none\ntwo', true],
  [[], 'one', false],
])('a line that matches %j can be in %j: %s', (patterns, lines, may) => {
  expect(lineMatcher(patterns).mayMatch(lines)).toBe(may)
})
