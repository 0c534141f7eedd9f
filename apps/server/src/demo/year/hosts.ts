// The demo farm's hosts: machines of ten operating systems, from a pocket computer to a build server.
import { openRandom, type Random } from './random.ts'

export interface DemoHost {
  id: number
  name: string
  system: string
  /** The version of the operating system. */
  version: string
  native: string
  /** The native arch first. */
  arches: string[]
  slots: number
  ncpu: number
  memoryMb: number
  /** How much longer a job takes here than on a machine of 2024. */
  slowness: number
  compiler: string
  /** The days since the host joined the farm. */
  joinedDaysAgo: number
}

const families = [
  ['amd64', 'i386'],
  ['arm64', 'armv7', 'armv6'],
  ['riscv64'],
  ['ppc64le', 'ppc64', 'ppc'],
  ['mips64', 'mips64el', 'mips', 'mipsel'],
  ['sparc64', 'sparc'],
  ['s390x', 'alpha', 'hppa', 'loong64', 'sh3el'],
]
export const arches = families.flat()

export const bigEndian = new Set(['ppc64', 'ppc', 'mips64', 'mips', 'sparc64', 'sparc', 's390x', 'hppa'])

/** Whether the host can run programs of the arch. */
export const runs = ({ native }: DemoHost, arch: string): boolean => arch === native || arch === sisters[native]

const sisters: Record<string, string> = {
  ...{ amd64: 'i386', arm64: 'armv7', sparc64: 'sparc', ppc64: 'ppc', ppc64le: 'ppc64', mips64: 'mips' },
}

/** One line for each host: name, version, native arch, number of arches, processors, memory in GB, slowness. */
const lists: Record<string, string> = {
  NetBSD: `
    zen 10.1 amd64 15 32 64 0.6
    build-farm-netbsd-nightly-toolchain-0001 11.0 amd64 17 48 128 0.6
    opteron 9.4 amd64 10 8 16 2
    ultra45 10.1 sparc64 4 2 4 5
    ds10 10.1 alpha 2 1 1 7
    rpi4 10.1 arm64 6 4 8 3
    erlite3 10.1 mips64 2 2 0.5 12
    powerbook-g4 9.4 ppc 2 1 1 9
    c3700 10.1 hppa 1 1 2 9
    decstation 9.4 mipsel 1 1 0.1 18
    jornada 9.4 sh3el 1 1 0.06 20`,
  FreeBSD: `
    beastie 15.0 amd64 15 24 64 0.7
    ryzen9 14.3 amd64 13 32 64 0.6
    jail-i386 13.5 i386 5 8 8 1.5
    ampere 15.0 arm64 10 64 128 0.8
    beaglebone 14.3 armv7 3 1 0.5 14
    talos 15.0 ppc64le 7 16 64 1
    powermac-g5 14.3 ppc64 4 4 8 4
    unmatched 15.0 riscv64 4 4 16 4
    old-xeon 10.1 amd64 8 8 16 1.8`,
  OpenBSD: `
    puffy 7.8 amd64 13 16 32 0.9
    apu2 7.7 amd64 8 4 4 3
    thinkpad-x40 7.8 i386 4 1 1 7
    macppc-mini 7.8 ppc 2 1 1 9
    octeon 7.8 mips64 3 4 2 8
    t5120 7.7 sparc64 5 64 16 5
    m1-mini 7.8 arm64 6 8 16 0.8`,
  DragonFly: `
    hammer2 6.4 amd64 7 16 32 0.9
    dfly-vm 6.4 amd64 6 4 8 1.6`,
  Linux: `
    trixie 6.12 amd64 18 64 128 0.5
    bookworm 6.1 amd64 16 32 64 0.7
    centos-6-cellar 2.6 amd64 6 8 16 2
    alpine-musl 6.12 amd64 14 16 32 0.7
    arch-btw 6.17 amd64 13 16 32 0.6
    void-i686 6.12 i386 6 4 4 2
    graviton4 6.12 arm64 12 32 64 0.7
    pi-zero 6.6 armv6 2 1 0.5 16
    cubie 6.1 armv7 3 2 2 7
    visionfive2 6.12 riscv64 5 4 8 4
    power9 6.12 ppc64le 8 32 64 0.9
    z15-lpar 6.4 s390x 5 4 8 1
    ls3a6000 6.12 loong64 5 8 16 1.4
    ci20 5.15 mipsel 2 2 1 9
    guruplug 5.10 armv6 2 1 0.5 14
    debian-c8000 6.12 hppa 3 2 8 6`,
  Android: `
    pixel-6 15 arm64 3 8 8 1.5
    termux-tablet 12 armv7 2 4 3 4
    emulator-x86 13 amd64 3 4 4 2`,
  illumos: `
    omnios r151056 amd64 11 16 64 0.9
    smartos-zone 2026 amd64 10 16 32 0.9
    openindiana 2026 amd64 9 8 16 1.3
    tribblix-t2000 m34 sparc64 3 32 16 6`,
  Solaris: `
    sol11-t4 11.4 sparc64 5 64 64 3
    sol10-ultra 10u11 sparc64 3 2 2 7`,
  macOS: `
    mac-studio 26.1 arm64 12 16 64 0.5
    mini-2018 15.7 amd64 10 6 32 1.2
    snow-leopard 10.6 i386 4 2 4 4
    powerbook-tiger 10.4 ppc 2 1 1 10`,
  Cygwin: `
    cygwin-11 3.6 amd64 8 8 16 3
    cygwin-xp 2.5 i386 3 1 1 9`,
}

const compilers: Record<string, string> = {
  NetBSD: 'gcc (nb1 20240221) 10.5.0',
  FreeBSD: 'FreeBSD clang version 19.1.7',
  OpenBSD: 'OpenBSD clang version 19.1.7',
  DragonFly: 'cc 8.3 [DragonFly] Release/2019-02-22',
  Linux: 'gcc (Debian 14.2.0-19) 14.2.0',
  Android: 'clang version 20.1.8',
  illumos: 'gcc (OmniOS 151056/14.2.0-il-1) 14.2.0',
  Solaris: 'cc: Sun C 5.12 SunOS_sparc 2011/11/16',
  macOS: 'Apple clang version 17.0.0 (clang-1700.4.4.1)',
  Cygwin: 'gcc (GCC) 13.4.0',
}

const compilersOfHost: Record<string, string> = {
  'centos-6-cellar': 'gcc (GCC) 4.4.7 20120313 (Red Hat 4.4.7-23)',
  'alpine-musl': 'gcc (Alpine 14.2.0) 14.2.0',
  'arch-btw': 'gcc (GCC) 15.2.1 20250813',
  'snow-leopard': 'gcc version 4.2.1 (Apple Inc. build 5666) (dot 3)',
  'powerbook-tiger': 'powerpc-apple-darwin8-gcc-4.0.1 (GCC) 4.0.1',
  'old-xeon': 'FreeBSD clang version 3.4.1 (tags/RELEASE_34/dot1-final 208032)',
}

/** The hosts of a demo of the usual size. */
export const hostsMax = 60

/** These hosts show the failures of last night, so a small farm has them too. */
const needed = [
  ...['zen', 'old-xeon', 'puffy', 'thinkpad-x40', 'ultra45', 't5120', 'powerbook-g4', 'trixie', 'hammer2', 'omnios'],
  ...['mac-studio', 'cygwin-11', 'erlite3', 'build-farm-netbsd-nightly-toolchain-0001'],
]

export interface HostsRequest {
  seed: number
  /** How many hosts; at least the hosts of `needed`. */
  count: number
  /** Each host builds for at most this many arches. */
  archesMax: number
  /** Each host builds for every arch, as the bench needs it. */
  everyArch: boolean
}

export function demoHosts({ seed, count, archesMax, everyArch }: HostsRequest): DemoHost[] {
  const random = openRandom(seed, 'hosts')
  const all = Object.entries(lists).flatMap(([system, list]) =>
    list
      .trim()
      .split('\n')
      .map(line => hostOf(system, line.trim().split(' '), random)),
  )
  const order = [...needed, ...random.shuffled(all.map(({ name }) => name).filter(name => !needed.includes(name)))]
  const chosen = new Set(order.slice(0, Math.max(count, needed.length)))
  return all
    .filter(({ name }) => chosen.has(name))
    .map((host, index) => ({
      ...host,
      id: index + 1,
      arches: everyArch ? arches : host.arches.slice(0, archesMax),
    }))
}

/** Hosts that joined after the last build, so their cells never ran. */
const newcomers: Record<string, number> = { 'snow-leopard': 0.2 }

function hostOf(system: string, fields: string[], random: Random): DemoHost {
  const [name = '', version = '', native = '', count, ncpu, memoryGb, slowness] = fields
  const sister = sisters[native]
  const own = sister === undefined ? [native] : [native, sister]
  const others = random.shuffled(arches.filter(arch => !own.includes(arch)))
  return {
    id: 0,
    name,
    system,
    version,
    native,
    arches: [...own, ...others].slice(0, Number(count)),
    slots: Number(ncpu) >= 16 ? 4 : Number(ncpu) >= 4 ? 2 : 1,
    ncpu: Number(ncpu),
    memoryMb: Math.round(Number(memoryGb) * 1024),
    slowness: Number(slowness),
    compiler: compilersOfHost[name] ?? compilers[system] ?? 'cc',
    joinedDaysAgo: newcomers[name] ?? 850 + random.below(900),
  }
}
