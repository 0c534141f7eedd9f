/** The programs on the disk of a machine. */
export type Disk =
  /** Debian's busybox-static, and perhaps a shell from another package. */
  | { kind: 'busybox'; architecture: string; shell?: { package: string; file: string } }
  /** A busybox that the real machine builds, because Debian has no package for the processor. */
  | { kind: 'built'; triplet: string }
  /** These Debian packages and their dependencies. `links` are the links that the packages' scripts would make. */
  | { kind: 'packages'; architecture: string; packages: readonly string[]; links: Record<string, string> }
  /** Programs of the real machine without emulation, limited to the programs of the represented host. */
  | Restricted

export interface Restricted {
  kind: 'restricted'
  sh: string
  /** The program that is /usr/xpg4/bin/sh, as on Solaris. */
  kornShell?: string
  /** Programs in addition to the POSIX utilities. */
  tools: readonly string[]
  /** Download programs that the real machine lacks. A script around curl replaces each of them. */
  standIns?: readonly string[]
  uname: Uname
  hasProc: boolean
  quirks?: readonly 'date-without-seconds'[]
}

/** The output of uname(1) on the machine. */
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
  /** The hosts of the rump kernel project that this machine represents, or its other purpose. */
  standsFor: string
  disk: Disk
  /** The name of the processor family in qemu-user, if it differs from this machine's family. */
  qemu?: string
  /** The processor that qemu emulates. */
  cpu?: string
  /** The release of the kernel in the output of uname. */
  release?: string
  /** The program that downloads the agent in the enrolment line. */
  fetch: Fetch
  /** The HTTP client of the agent; by default the first one that the agent finds. */
  client?: string
  /** If true, the machine connects through a TLS front, and has the certificate of the authority in its directory. */
  tls?: boolean
  /** Each wait of a test is this many times longer. */
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

/** Linux on other processors, each with only a busybox. */
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

/** Debian on other processors, with real compilers, perl, python and GNU utilities. */
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
    client: 'python', // the agent would choose perl, which is in Debian's essential packages
    slowness: 10,
  },
]

const uname = (s: string, r: string, m: string, p = m): Uname => ({ s, n: 'host', r, v: '#1', m, p })

const restricted = (name: string, standsFor: string, fetch: Fetch, disk: Omit<Restricted, 'kind'>): Machine => ({
  name,
  standsFor,
  disk: { kind: 'restricted', ...disk },
  fetch,
  tls: fetch === 'openssl', // s_client supports only TLS
  slowness: 2,
})

/** Systems without an emulator. Each gets the programs of the real machine that are most similar to its own. */
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

/** Whether the disk has a compiler. */
export const canBuild = ({ disk }: Machine): boolean => disk.kind === 'packages' && disk.packages.includes('gcc')
