import { expect, test } from 'vitest'
import { skipMark } from './skip.rule.ts'

test.each([
  ['Fix a typo [skip ci]', '[skip ci]'],
  ['[ci skip] Fix a typo', '[ci skip]'],
  ['Fix a typo [NO CI]', '[NO CI]'],
  ['Fix a typo\n\nOnly docs.\n[Skip Farm]\n', '[Skip Farm]'],
  ['[farm skip]', '[farm skip]'],
  ['Do not skip ci', undefined],
  ['Handle [skip] and [ci]', undefined],
  ['[skip  ci]', undefined],
  ['', undefined],
])('the message %j asks for no build: %j', (message, mark) => {
  expect(skipMark(message)).toBe(mark)
})
