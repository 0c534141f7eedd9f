// The failures of the demo farm: each begins with one commit, and some end with another.
import type { Story } from './commits.ts'
import type { ErrorKind } from './errors.ts'
import { bigEndian, type DemoHost } from './hosts.ts'

export interface Trouble {
  project: string
  /** By default main. */
  branch?: string
  step: string
  error: ErrorKind
  /** The age in hours of the first build that fails; the first build of this age or newer fails. */
  sinceHours: number
  /** The age of the first build that passes again. Absent if the failure is still there. */
  untilHours?: number
  /** The job does not end, so the farm ends it. */
  hangs?: boolean
  /** The farm has not repeated the failed job yet. */
  unconfirmed?: boolean
  /** The number of commits between the newest passed build and the first failed build. */
  commits: number
  story: Story
  /** The story of the commit that ends the failure. */
  fix?: Story
  on: (host: DemoHost, arch: string) => boolean
  /** At most this many boxes (host and arch) of those that match, in a farm of 60 hosts. By default all of them. */
  boxes?: number
}

const lastNight = 20
const days = (count: number) => count * 24
const system =
  (...systems: string[]) =>
  (host: DemoHost) =>
    systems.includes(host.system)
const arch =
  (...arches: string[]) =>
  (_: DemoHost, wanted: string) =>
    arches.includes(wanted)
const host =
  (...names: string[]) =>
  ({ name }: DemoHost) =>
    names.includes(name)
const anyMips = arch('mips', 'mipsel', 'mips64', 'mips64el')

export const troubles: readonly Trouble[] = [
  {
    ...{ project: 'base', step: 'tests', error: 'byte-order', sinceHours: lastNight, commits: 3 },
    story: { author: 'Ruth Okafor', subject: 'librump: read the sysctl tree without a copy' },
    on: ({ native }, wanted) => bigEndian.has(native) && wanted === native,
  },
  {
    ...{ project: 'tools', step: 'build', error: 'closefrom', sinceHours: lastNight, commits: 1 },
    story: { author: 'Jonas Weir', subject: 'rumpctrl: close inherited descriptors with closefrom_range' },
    on: system('OpenBSD'),
  },
  {
    ...{ project: 'legacy', step: 'build', error: 'old-linker', sinceHours: lastNight, commits: 1 },
    story: { author: 'Mina Sato', subject: 'compat: lock stdio streams as the C library does' },
    on: host('old-xeon'),
  },
  {
    ...{
      project: 'wide',
      step: 'tests',
      error: 'route',
      sinceHours: lastNight,
      commits: 4,
      unconfirmed: true,
      boxes: 1,
    },
    story: { author: 'Amadou Diallo', subject: 'netinet: choose the default route by metric' },
    on: host('omnios'),
  },
  {
    ...{ project: 'wide', step: 'tests', error: 'ipv6', sinceHours: days(3), commits: 4, boxes: 5 },
    story: { author: 'Lena Vogt', subject: 'sockets: default to IPv6' },
    on: system('FreeBSD', 'macOS', 'DragonFly'),
  },
  {
    ...{ project: 'tools', step: 'build', error: 'atomics', sinceHours: days(12), commits: 11, boxes: 4 },
    story: { author: 'Ivo Marek', subject: 'ifconfig: count packets with 64-bit atomics' },
    on: arch('armv7'),
  },
  {
    ...{
      project: 'wide',
      step: 'tests',
      error: 'hang',
      sinceHours: days(36),
      untilHours: days(5),
      commits: 3,
      boxes: 4,
    },
    ...{ hangs: true, on: anyMips },
    story: { author: 'Ruth Okafor', subject: 'tests: add the long run of the routing socket' },
  },
  {
    ...{ project: 'wide', step: 'tests', error: 'long-run', sinceHours: days(5), commits: 2, boxes: 4, on: anyMips },
    story: { author: 'Ruth Okafor', subject: 'tests: give the routing socket a time limit' },
  },
  {
    ...{ project: 'base', step: 'build', error: 'pointer-type', sinceHours: days(122), commits: 9, boxes: 5 },
    story: { author: 'Tom Alder', subject: 'dev: pass the softc to every callback' },
    on: (each, wanted) => system('Linux', 'Cygwin')(each) && !['amd64', 'i386'].includes(wanted),
  },
  {
    ...{ project: 'docs', step: 'build', error: 'no-figure', sinceHours: days(214), commits: 5, boxes: 3 },
    story: { author: 'Chiara Russo', subject: 'manual: draw the figures with the build' },
    on: system('macOS', 'illumos', 'FreeBSD'),
  },
  {
    ...{ project: 'legacy', step: 'build', error: 'no-symbol', sinceHours: days(730), commits: 2 },
    story: { author: 'Tom Alder', subject: 'compat: open files relative to a directory' },
    on: (each, wanted) => each.name === 'sol10-ultra' || (each.name === 'centos-6-cellar' && wanted === 'i386'),
  },
  {
    ...{ project: 'legacy', step: 'tests', error: 'elf', sinceHours: days(790), commits: 2, on: system('Cygwin') },
    story: { author: 'Tom Alder', subject: 'tests: read the section table of each program' },
  },
  {
    ...{
      project: 'wide',
      step: 'configure',
      error: 'no-clock',
      sinceHours: days(7),
      untilHours: lastNight,
      commits: 3,
      boxes: 4,
    },
    story: { author: 'Lena Vogt', subject: 'build: require a monotonic clock' },
    fix: { author: 'Lena Vogt', subject: 'build: search for the monotonic clock in librt too' },
    on: system('NetBSD', 'Linux'),
  },
  {
    ...{
      project: 'docs',
      step: 'links',
      error: 'dead-link',
      sinceHours: days(2),
      untilHours: 1,
      commits: 1,
      boxes: 2,
    },
    story: { author: 'Mina Sato', subject: 'manual: link to the new source browser' },
    fix: { author: 'Mina Sato', subject: 'manual: link to the old source browser again' },
    on: system('Linux', 'OpenBSD'),
  },
  {
    ...{
      project: 'base',
      step: 'build',
      error: 'pointer-type',
      sinceHours: days(300),
      untilHours: days(280),
      commits: 4,
    },
    story: { author: 'Zoë Lindqvist', subject: 'vfs: pass the vnode to every callback' },
    fix: { author: 'Zoë Lindqvist', subject: 'vfs: convert the callbacks that were forgotten' },
    on: system('NetBSD', 'OpenBSD'),
  },
  {
    ...{
      project: 'wide',
      branch: 'feature/quic',
      step: 'build',
      error: 'atomics',
      sinceHours: days(60),
      boxes: 6,
      commits: 1,
    },
    story: { author: 'Lena Vogt', subject: 'quic: count packets for each connection' },
    on: arch('armv7', 'armv6', 'mips', 'mipsel', 'ppc'),
  },
]

/** Boxes whose tests fail now and then, whatever the commit is. */
export const flakySources: readonly { project: string; error: ErrorKind; boxes: number; rate: number }[] = [
  { project: 'wide', error: 'wide-timers', boxes: 5, rate: 0.22 },
  { project: 'base', error: 'base-timers', boxes: 3, rate: 0.3 },
]

/** The hosts that are not available, and for how many hours. */
export const silentHours: Record<string, number> = { jornada: days(9), 'sol10-ultra': days(3), 'termux-tablet': 5 }
export const pausedHours: Record<string, number> = { 'powermac-g5': days(2) }
