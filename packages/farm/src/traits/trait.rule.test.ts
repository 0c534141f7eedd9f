import { expect, test } from 'vitest'
import { commonTrait, describeTrait, type TraitSample } from './trait.rule.ts'

const on = (
  host: string,
  arch: string,
  system = 'Linux 6.1',
  compiler: string | null = null,
  libc?: string,
): TraitSample => {
  const [uname_s = '', uname_r = ''] = system.split(' ')
  return { host, arch, compiler, facts: { uname_s, uname_r, ...(libc === undefined ? {} : { libc }) } }
}

const gcc = (version: string) => `gcc (Debian ${version}-14) ${version}`

test.each<[string, TraitSample[], TraitSample[], string | undefined]>([
  [
    'byte order',
    [on('a', 'sparc64'), on('b', 'mips')],
    [on('c', 'amd64'), on('d', 'mipsel')],
    'fails on all big-endian hosts, passes elsewhere',
  ],
  [
    'word size',
    [on('a', 'i386'), on('b', 'sparc')],
    [on('c', 'amd64'), on('d', 'sparc64')],
    'fails on all 32-bit hosts, passes elsewhere',
  ],
  [
    'system',
    [on('a', 'amd64', 'NetBSD 9.3'), on('b', 'sparc64', 'NetBSD 10.0')],
    [on('c', 'amd64'), on('d', 'sparc64', 'OpenBSD 7.4')],
    'fails on all NetBSD hosts, passes elsewhere',
  ],
  [
    'the simplest of several traits',
    [on('a', 'sparc64', 'NetBSD 9.3'), on('b', 'mips', 'NetBSD 9.3')],
    [on('c', 'amd64'), on('d', 'arm')],
    'fails on all big-endian hosts, passes elsewhere',
  ],
  [
    'compiler',
    [on('a', 'amd64', 'Linux 5', 'clang version 15.0.7'), on('b', 'arm', 'Linux 6', 'Debian clang version 14.0.6')],
    [on('c', 'amd64', 'Linux 6', gcc('12.2.0')), on('d', 'arm', 'Linux 6', gcc('12.2.0'))],
    'fails on all hosts with clang, passes elsewhere',
  ],
  [
    'libc',
    [on('a', 'amd64', 'Linux 6', null, 'musl 1.2.4'), on('b', 'arm', 'Linux 6', null, 'musl 1.1.24')],
    [on('c', 'amd64', 'Linux 6', null, 'glibc 2.36'), on('d', 'arm', 'Linux 6', null, 'glibc 2.17')],
    'fails on all hosts with musl, passes elsewhere',
  ],
  [
    'release',
    [on('a', 'amd64', 'NetBSD 9.3'), on('b', 'sparc64', 'NetBSD 9.3')],
    [on('c', 'amd64', 'NetBSD 10.0'), on('d', 'sparc64', 'NetBSD 8.2')],
    'fails on all NetBSD 9.3 hosts, passes elsewhere',
  ],
  [
    'old compilers',
    [on('a', 'amd64', 'Linux 6', gcc('4.8.5')), on('b', 'arm', 'Linux 6', gcc('4.9.2'))],
    [on('c', 'amd64', 'Linux 6', gcc('4.10.1')), on('d', 'arm', 'Linux 6', gcc('12.2.0'))],
    'fails on all hosts with gcc 4.9.2 or older, passes elsewhere',
  ],
  [
    'old C libraries',
    [on('a', 'amd64', 'Linux 5', null, 'glibc 2.5'), on('b', 'arm', 'Linux 6', null, 'glibc 2.17')],
    [on('c', 'amd64', 'Linux 6', null, 'glibc 2.36'), on('d', 'arm', 'Linux 6', null, 'musl 1.2.4')],
    'fails on all hosts with glibc 2.17 or older, passes elsewhere',
  ],
  [
    'a passing host has it too',
    [on('a', 'sparc64'), on('b', 'mips')],
    [on('c', 'amd64'), on('d', 'sparc64')],
    undefined,
  ],
  ['one failing host', [on('a', 'sparc64')], [on('c', 'amd64'), on('d', 'arm')], undefined],
  ['one host with two arches', [on('a', 'sparc64'), on('a', 'mips')], [on('c', 'amd64'), on('d', 'arm')], undefined],
  ['one passing host', [on('a', 'sparc64'), on('b', 'mips')], [on('c', 'amd64')], undefined],
  ['an unknown arch', [on('a', 'sparc64'), on('b', 'own')], [on('c', 'amd64'), on('d', 'arm')], undefined],
])('%s', (_, failing, passing, words) => {
  const trait = commonTrait(failing, passing)
  expect(trait && describeTrait(trait)).toBe(words)
})
