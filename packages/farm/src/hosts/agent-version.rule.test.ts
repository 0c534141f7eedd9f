import { expect, test } from 'vitest'
import { tooOld } from './agent-version.rule.ts'

test.each([
  { version: '1.0.0', floor: undefined, why: null },
  { version: '1.0.0', floor: '1.2.0', why: 'agent too old (1.0.0, needs 1.2.0): gets no jobs' },
  { version: '1.1.9+4294967295', floor: '1.2', why: 'agent too old (1.1.9, needs 1.2): gets no jobs' },
  { version: '1.2.0+17', floor: '1.2.0', why: null },
  { version: '1.10.0', floor: '1.9.9', why: null },
  { version: '2', floor: '1.9.9', why: null },
  { version: '1.2', floor: '1.2.1', why: 'agent too old (1.2, needs 1.2.1): gets no jobs' },
  { version: '1.2.3-beta', floor: '1.2.3', why: null },
  { version: 'mine', floor: '1', why: 'agent too old (mine, needs 1): gets no jobs' },
])('the refusal of agent $version with the minimum version $floor is: $why', ({ version, floor, why }) =>
  expect(tooOld(version, floor)).toBe(why),
)
