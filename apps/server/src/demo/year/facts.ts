import type { DemoHost } from './hosts.ts'

/** `uname -s` of each operating system, if it is not the system's name. */
const unames: Record<string, string> = {
  illumos: 'SunOS',
  Solaris: 'SunOS',
  macOS: 'Darwin',
  Android: 'Linux',
  Cygwin: 'CYGWIN_NT-10.0',
}

const releases: Record<string, (version: string) => string> = {
  FreeBSD: version => `${version}-RELEASE`,
  DragonFly: version => `${version}-RELEASE`,
  illumos: () => '5.11',
  Solaris: version => (version.startsWith('10') ? '5.10' : '5.11'),
  macOS: version => darwinOf[version] ?? '25.1.0',
  Linux: version => `${version}.0`,
  Android: () => '5.10.198-android13',
}
const darwinOf: Record<string, string> = { '26.1': '25.1.0', '15.7': '24.6.0', '10.6': '10.8.0', '10.4': '8.11.0' }

/** `uname -m` of each arch, if it is not the arch's name. */
const machines: Record<string, Record<string, string>> = {
  Linux: {
    amd64: 'x86_64',
    i386: 'i686',
    arm64: 'aarch64',
    armv7: 'armv7l',
    armv6: 'armv6l',
    loong64: 'loongarch64',
    hppa: 'parisc64',
    mipsel: 'mips',
  },
  macOS: { amd64: 'x86_64', ppc: 'Power Macintosh' },
  NetBSD: { arm64: 'evbarm', mips64: 'evbmips', mipsel: 'pmax', ppc: 'macppc', sh3el: 'hpcsh' },
  OpenBSD: { mips64: 'octeon', ppc: 'macppc' },
  FreeBSD: { armv7: 'arm', ppc64le: 'powerpc', ppc64: 'powerpc', riscv64: 'riscv' },
  DragonFly: { amd64: 'x86_64' },
  illumos: { amd64: 'i86pc', sparc64: 'sun4v' },
  Solaris: { sparc64: 'sun4v' },
  Cygwin: { amd64: 'x86_64', i386: 'i686' },
  Android: { amd64: 'x86_64', arm64: 'aarch64', armv7: 'armv7l' },
}

/** The facts that the host's agent would report (docs/agent-protocol.md). */
export function factsOf(host: DemoHost): Record<string, string> {
  const uname = unames[host.system] ?? host.system
  const release = releases[host.system]?.(host.version) ?? host.version
  const machine = machines[host.system]?.[host.native] ?? host.native
  const old = ['powerbook-tiger', 'sol10-ultra', 'centos-6-cellar', 'snow-leopard'].includes(host.name)
  return {
    protocol: '1',
    version: '1.0.0',
    uname_s: uname,
    uname_r: release,
    uname_m: machine,
    uname_p: host.native,
    uname_v: `${uname} ${release} (${host.system} ${host.version})`,
    ncpu: String(host.ncpu),
    mem_mb: String(host.memoryMb),
    disk_mb: String(4_000 + ((host.id * 7_919) % 90_000)),
    tool_cc: host.compiler,
    ...(old ? {} : { tool_git: 'git version 2.47.3' }),
    client: old ? 'wget' : 'curl',
    shell: host.system === 'Solaris' ? 'ksh' : 'sh',
    launcher: old ? 'nohup' : 'setsid',
    sum: 'cksum',
  }
}

const dayMs = 86_400_000

/** Upgrades of hosts: days ago, and the facts before. */
const upgrades: Record<string, [number, Record<string, string>]> = {
  trixie: [96, { uname_r: '6.1.0', tool_cc: 'gcc (Debian 12.2.0-14) 12.2.0' }],
  'arch-btw': [125, { uname_r: '6.14.0', tool_cc: 'gcc (GCC) 14.2.1 20250207' }],
  beastie: [40, { uname_r: '14.3-RELEASE', tool_cc: 'FreeBSD clang version 18.1.6' }],
  octeon: [6, { uname_r: '7.7', tool_cc: 'OpenBSD clang version 16.0.6' }],
  puffy: [30, { uname_r: '7.7', tool_cc: 'OpenBSD clang version 16.0.6' }],
  'mac-studio': [12, { uname_r: '24.6.0', tool_cc: 'Apple clang version 16.0.0 (clang-1600.0.26.6)' }],
}

/** The facts since the host joined, and after its upgrade if it had one. */
export function factsHistory(host: DemoHost, now: Date): { since: Date; facts: Record<string, string> }[] {
  const facts = factsOf(host)
  const ago = (days: number) => new Date(now.getTime() - days * dayMs)
  const [days, before] = upgrades[host.name] ?? []
  if (days === undefined) return [{ since: ago(host.joinedDaysAgo), facts }]
  return [
    { since: ago(host.joinedDaysAgo), facts: { ...facts, ...before } },
    { since: ago(days), facts },
  ]
}
