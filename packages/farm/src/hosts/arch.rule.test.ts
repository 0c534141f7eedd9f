import { expect, test } from 'vitest'
import { nativeArch } from './arch.rule.ts'

test.each([
  ['x86_64', '', 'amd64'],
  ['amd64', 'amd64', 'amd64'],
  ['i686', 'unknown', 'i386'],
  ['i86pc', 'i386', 'i386'],
  ['armv6l', '', 'arm'],
  ['armv7l', '', 'arm'],
  ['aarch64', '', 'arm64'],
  ['evbarm', 'earmv7hf', 'arm'],
  ['ppc', '', 'ppc'],
  ['ppc64', '', 'ppc64'],
  ['ppc64le', '', 'ppc64le'],
  ['macppc', 'powerpc', 'ppc'],
  ['mips', '', 'mips'],
  ['mips64', '', 'mips64'],
  ['sun4v', 'sparc', 'sparc64'],
  ['sun4m', 'sparc', 'sparc'],
  ['Power Macintosh', 'powerpc', 'ppc'],
  ['VAX-11/780', '', 'VAX-11-780'],
  ['', '', 'unknown'],
])('a host with uname -m %j and uname -p %j builds for %s', (uname_m, uname_p, arch) => {
  expect(nativeArch({ uname_m, uname_p })).toBe(arch)
})
