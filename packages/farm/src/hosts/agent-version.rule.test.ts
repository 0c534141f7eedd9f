import { expect, test } from 'vitest'
import { tooOld } from './agent-version.rule.ts'

test.each([
  { version: '1.0.0', floor: undefined, words: null },
  { version: '1.0.0', floor: '1.2.0', words: 'agent too old (1.0.0, needs 1.2.0): drains' },
  { version: '1.1.9+4294967295', floor: '1.2', words: 'agent too old (1.1.9, needs 1.2): drains' },
  { version: '1.2.0+17', floor: '1.2.0', words: null },
  { version: '1.10.0', floor: '1.9.9', words: null },
  { version: '2', floor: '1.9.9', words: null },
  { version: '1.2', floor: '1.2.1', words: 'agent too old (1.2, needs 1.2.1): drains' },
  { version: '1.2.3-beta', floor: '1.2.3', words: null },
  { version: 'mine', floor: '1', words: 'agent too old (mine, needs 1): drains' },
])('an agent $version below $floor: $words', ({ version, floor, words }) => expect(tooOld(version, floor)).toBe(words))
