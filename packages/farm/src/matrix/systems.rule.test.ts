import { expect, test } from 'vitest'
import { compareSystems, systemOf } from './systems.rule.ts'

test.each([
  ['NetBSD', '10.1', 'NetBSD 10.1 (GENERIC)', 'NetBSD', '10.1'],
  ['NetBSD', '10.99.12', '', 'NetBSD', '10.99'],
  ['FreeBSD', '14.3-RELEASE-p2', '', 'FreeBSD', '14.3'],
  ['FreeBSD', '15.0-CURRENT', '', 'FreeBSD', '15.0-CURRENT'],
  ['OpenBSD', '7.8', 'GENERIC.MP#54', 'OpenBSD', '7.8'],
  ['DragonFly', '6.4-RELEASE', '', 'DragonFly', '6.4'],
  ['Linux', '6.12.48+deb13-amd64', '', 'Linux', '6.12'],
  ['Linux', '5.10.157-android13-4-00003', '', 'Android', '5.10'],
  ['SunOS', '5.10', 'Generic_150400-67', 'Solaris', '10'],
  ['SunOS', '5.11', '11.4.0.15.0', 'Solaris', '11.4'],
  ['SunOS', '5.11', 'omnios-r151056-b4b3e5e', 'illumos', 'r151056'],
  ['SunOS', '5.11', 'joyent_20260101T000000Z', 'illumos', '20260101T000000Z'],
  ['Darwin', '25.1.0', 'Darwin Kernel Version 25.1.0', 'macOS', '25.1'],
  ['CYGWIN_NT-10.0-22631', '3.6.1-1.x86_64', '', 'Cygwin', '3.6'],
  ['Haiku', '1', 'hrev57937', 'Haiku', '1'],
  ['', '', '', '', ''],
])('a host that reports %j %j %j runs %s %s', (name, release, version, os, shown) => {
  expect(systemOf({ uname_s: name, uname_r: release, uname_v: version })).toEqual({ os, release: shown })
})

test('the systems have a fixed order; an unknown system is last', () => {
  const systems = ['', 'Linux', 'Haiku', 'NetBSD', 'AIX', 'Cygwin']
  expect(systems.sort(compareSystems)).toEqual(['NetBSD', 'Linux', 'Cygwin', 'AIX', 'Haiku', ''])
})
