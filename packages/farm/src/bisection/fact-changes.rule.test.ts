import { expect, test } from 'vitest'
import { factChanges } from './fact-changes.rule.ts'

test('changed, added and removed facts are listed with both values', () => {
  const before = { uname_r: '9.3', tool_gcc: '7.5', ncpu: '2', tool_make: '4' }
  const after = { uname_r: '10.0', tool_gcc: '10.4', ncpu: '2', tool_git: '2' }
  expect(factChanges(before, after)).toEqual(['gcc 7.5 → 10.4', 'git none → 2', 'make 4 → none', 'release 9.3 → 10.0'])
  expect(factChanges(before, before)).toEqual([])
})

test('at most five changes are listed', () => {
  const many = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`f${index}`, 'x']))
  expect(factChanges({}, many).at(-1)).toBe('2 more')
})
