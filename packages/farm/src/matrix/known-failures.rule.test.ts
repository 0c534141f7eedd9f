import type { KnownFailure, Verdict } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { project } from '../../spec/farm-test.ts'
import { knownFailures } from './known-failures.rule.ts'

const everywhere = { hosts: ['*'], arches: ['*'], variants: ['*'] }
const entries: KnownFailure[] = [
  { ...everywhere, hosts: ['cygwin*'], because: 'PE-COFF' },
  { ...everywhere, arches: ['sparc*'], step: 'tests', because: 'unaligned' },
  { ...everywhere, variants: ['static'], because: 'no static libc' },
]

test.each<[string, string, string, Verdict, string | null, string | null]>([
  ['cygwin-7', 'amd64', 'default', 'failed', 'build', 'PE-COFF'],
  ['cygwin-7', 'amd64', 'default', 'timed-out', 'tests', 'PE-COFF'],
  ['cygwin-7', 'amd64', 'default', 'passed', null, 'PE-COFF'],
  ['cygwin-7', 'amd64', 'default', 'lost', 'build', null],
  ['cygwin-7', 'amd64', 'default', 'broken', null, null],
  ['cygwin-7', 'amd64', 'default', 'cancelled', 'build', null],
  ['cygwin-7', 'sparc64', 'static', 'failed', 'tests', 'PE-COFF'],
  ['sun', 'sparc64', 'default', 'failed', 'tests', 'unaligned'],
  ['sun', 'sparc64', 'default', 'failed', 'build', null],
  ['sun', 'sparc64', 'static', 'failed', 'build', 'no static libc'],
  ['sun', 'sparc64', 'default', 'passed', null, 'unaligned'],
  ['vax', 'amd64', 'static', 'failed', 'build', 'no static libc'],
  ['vax', 'amd64', 'default', 'failed', 'build', null],
])(
  'on host %s, arch %s and variant %s, the result %s at step %s has the known reason: %s',
  (host, arch, variant, verdict, failedStep, because) => {
    const known = knownFailures(project({ knownFailures: entries }), variant)
    expect(known(host, arch, { verdict, failedStep })).toBe(because)
  },
)

test('without entries in farm.yaml, no failure is known', () => {
  expect(knownFailures(project(), 'default')('vax', 'amd64', { verdict: 'failed', failedStep: 'build' })).toBeNull()
})
