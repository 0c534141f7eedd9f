import { expect, test } from 'vitest'
import { refusalOf } from './refusal.rule.ts'

test.each([
  { agentVersion: '1.2.0', refusal: null, code: null },
  { agentVersion: '1.2.0', refusal: 'disk-full 12 MB free in /work, 500 MB required', code: 'disk-full' },
  { agentVersion: '1.2.0', refusal: 'host-conf line 3: unknown word', code: 'host-conf' },
  { agentVersion: '1.2.0', refusal: 'hours its owner allows: 20-06', code: 'hours' },
  { agentVersion: '1.2.0', refusal: 'full-moon tonight', code: 'other' },
  { agentVersion: '1.0.0', refusal: 'disk-full 12 MB free', code: 'agent-too-old' },
])('the refusal "$refusal" of agent $agentVersion has the code $code', ({ code, ...host }) =>
  expect(refusalOf(host, '1.2').refusalCode).toBe(code),
)
