/** What is on a machine's disk. */
export type Disk =
  /** Debian's busybox-static; with a shell from a package of its own. */
  | { kind: 'busybox'; architecture: string; shell?: { package: string; file: string } }
  /** The same busybox, built here for what Debian has no packages for. */
  | { kind: 'built'; triplet: string }
  /** These packages of Debian's, and what they need; `links` are what their own scripts would have made. */
  | { kind: 'packages'; architecture: string; packages: readonly string[]; links: Record<string, string> }
  /** This machine's own programs, but only those that such a host has: nothing is emulated. */
  | Restricted

export interface Restricted {
  kind: 'restricted'
  sh: string
  /** Solaris: what lies in /usr/xpg4/bin. */
  kornShell?: string
  /** Beside those that every Unix has. */
  tools: readonly string[]
  /** Programs that can only bring a file, for which we have none but a script around curl. */
  standIns?: readonly string[]
  uname: Uname
  hasProc: boolean
  quirks?: readonly 'date-without-seconds'[]
}

/** What uname(1) says there. */
export interface Uname {
  s: string
  n: string
  r: string
  v: string
  m: string
  p: string
}

export interface Machine {
  name: string
  /** The hosts of the rump kernel project's list that it stands for, or what else it is for. */
  standsFor: string
  disk: Disk
  /** qemu-user's name of the processor family, where it is not this machine's. */
  qemu?: string
  /** The processor that qemu shows. */
  cpu?: string
  /** The kernel's release, as uname tells it. */
  release?: string
  /** What brings the agent's text in the one line. */
  fetch: Fetch
  /** The agent's HTTP client; without it, the one that the agent finds first. */
  client?: string
  /** It comes through a TLS front; the authority's certificate lies in its directory. */
  tls?: boolean
  /** Every wait is this many times longer. */
  slowness: number
}

export type Fetch = 'curl' | 'wget' | 'perl' | 'python' | 'openssl' | 'fetch' | 'ftp'

type Emulation = Pick<Machine, 'name' | 'standsFor' | 'qemu' | 'cpu' | 'release' | 'client'>

const debians = (architecture: string, machine: Emulation): Machine => ({
  ...machine,
  disk: { kind: 'busybox', architecture },
  fetch: 'wget',
  slowness: 5,
})

const ours = (triplet: string, machine: Emulation): Machine => ({
  ...machine,
  disk: { kind: 'built', triplet },
  fetch: 'wget',
  slowness: 5,
})

/** Linux on other processors, each with nothing but a busybox. */
const emulated: readonly Machine[] = [
  debians('armhf', { name: 'armhf', standsFor: 'ARMv7', qemu: 'arm' }),
  debians('armel', {
    name: 'armv6l',
    standsFor: 'Void on a Raspberry Pi',
    qemu: 'arm',
    cpu: 'arm1176',
    release: '3.6.11',
    client: 'bbwget',
  }),
  debians('mipsel', {
    name: 'mipsel',
    standsFor: 'Gentoo on a Loongson-2, 32 bits',
    qemu: 'mipsel',
    release: '3.11.0',
  }),
  debians('mips64el', {
    name: 'mips64el',
    standsFor: 'Gentoo on a Loongson-2',
    qemu: 'mips64el',
    release: '3.11.0',
    client: 'bbwget',
  }),
  debians('ppc64el', { name: 'ppc64el', standsFor: 'a newer PowerPC', qemu: 'ppc64le' }),
  debians('s390x', { name: 's390x', standsFor: '64 bits, big endian', qemu: 's390x', client: 'bbwget' }),
  debians('i386', { name: 'i386', standsFor: 'a 32-bit PC', qemu: 'i386' }),
  ours('powerpc-linux-gnu', { name: 'powerpc', standsFor: 'RHEL 6, 32 bits', qemu: 'ppc', release: '2.6.32' }),
  ours('powerpc64-linux-gnu', {
    name: 'ppc64',
    standsFor: 'RHEL 6 and Fedora 17',
    qemu: 'ppc64',
    release: '2.6.32',
    client: 'bbwget',
  }),
  ours('mips-linux-gnu', { name: 'mips', standsFor: 'Ubiquiti', qemu: 'mips', release: '2.6.32', client: 'bbwget' }),
  ours('sparc64-linux-gnu', { name: 'sparc64', standsFor: 'UltraSPARC', qemu: 'sparc64' }),
  {
    name: 'android',
    standsFor: 'Android 4.2.2',
    disk: {
      kind: 'busybox',
      architecture: 'armhf',
      shell: { package: 'mksh', file: 'usr/lib/diet/bin/mksh' },
    },
    qemu: 'arm',
    release: '3.4.5',
    fetch: 'wget',
    slowness: 5,
  },
]

const utilities = ['dash', 'coreutils', 'sed', 'grep', 'mawk', 'tar', 'gzip', 'findutils', 'procps']
const links = { awk: 'mawk' }

/** Debian on other processors: real compilers, perl, python, GNU's utilities. */
const distributions: readonly Machine[] = [
  {
    name: 'debian-armhf',
    standsFor: 'a whole ARM Linux that builds natively',
    disk: {
      kind: 'packages',
      architecture: 'armhf',
      packages: [...utilities, 'perl-base', 'gcc', 'libc6-dev', 'make'],
      links: { ...links, cc: 'gcc' },
    },
    qemu: 'arm',
    fetch: 'perl',
    slowness: 10,
  },
  {
    name: 'debian-s390x',
    standsFor: 'an enterprise Linux with python',
    disk: { kind: 'packages', architecture: 's390x', packages: [...utilities, 'python3'], links },
    qemu: 's390x',
    fetch: 'python',
    client: 'python', // Debian's essential packages have perl, which would come first
    slowness: 10,
  },
]

const uname = (s: string, r: string, m: string, p = m): Uname => ({ s, n: 'host', r, v: '#1', m, p })

const restricted = (name: string, standsFor: string, fetch: Fetch, disk: Omit<Restricted, 'kind'>): Machine => ({
  name,
  standsFor,
  disk: { kind: 'restricted', ...disk },
  fetch,
  tls: fetch === 'openssl', // s_client is a client of TLS only
  slowness: 2,
})

/** What cannot be emulated here: their shells and programs as near as this machine has them, and nothing else. */
const userlands: readonly Machine[] = [
  restricted('linux', 'Fedora 14 and 16, Arch', 'curl', {
    sh: 'bash',
    tools: ['bash', 'curl', 'setsid', 'nproc', 'sha256sum', 'md5sum'],
    uname: uname('Linux', '2.6.35', 'x86_64'),
    hasProc: true,
  }),
  restricted('dragonfly', 'DragonFly BSD 3.2', 'fetch', {
    sh: 'dash',
    tools: ['nc'],
    standIns: ['fetch'],
    uname: uname('DragonFly', '3.2-RELEASE', 'i386'),
    hasProc: false,
  }),
  restricted('freebsd', 'FreeBSD 9.1', 'fetch', {
    sh: 'dash',
    tools: ['nc', 'openssl'],
    standIns: ['fetch'],
    uname: uname('FreeBSD', '9.1-PRERELEASE', 'amd64'),
    hasProc: false,
  }),
  restricted('netbsd', 'NetBSD 5.1', 'openssl', {
    sh: 'dash',
    tools: ['openssl'],
    uname: uname('NetBSD', '5.1_STABLE', 'i386'),
    hasProc: false,
  }),
  restricted('openbsd', 'OpenBSD 5.4', 'ftp', {
    sh: 'mksh',
    tools: ['perl'],
    standIns: ['ftp'],
    uname: uname('OpenBSD', '5.4', 'amd64'),
    hasProc: false,
  }),
  restricted('solaris', 'Solaris 10', 'perl', {
    sh: 'ksh93',
    kornShell: 'ksh93',
    tools: ['perl'],
    uname: uname('SunOS', '5.10', 'sun4v', 'sparc'),
    hasProc: false,
    quirks: ['date-without-seconds'],
  }),
  restricted('smartos', 'SmartOS', 'curl', {
    sh: 'ksh93',
    tools: ['curl'],
    uname: uname('SunOS', '5.11', 'i86pc', 'i386'),
    hasProc: false,
  }),
  restricted('cygwin', 'Cygwin', 'curl', {
    sh: 'bash',
    tools: ['bash', 'curl', 'setsid'],
    uname: uname('CYGWIN_NT-6.1', '1.7.17', 'i686', 'unknown'),
    hasProc: true,
  }),
  restricted('macos', 'Mac OS X', 'curl', {
    sh: 'bash',
    tools: ['bash', 'curl', 'perl'],
    uname: uname('Darwin', '12.2.0', 'x86_64', 'i386'),
    hasProc: false,
  }),
]

export const machines: readonly Machine[] = [...emulated, ...distributions, ...userlands]

/** Whether a compiler is on its disk. */
export const canBuild = ({ disk }: Machine): boolean => disk.kind === 'packages' && disk.packages.includes('gcc')
