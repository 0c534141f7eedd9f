export interface System {
  /** The operating system, by the name that people use: NetBSD, Linux, illumos, Cygwin. Empty if it is unknown. */
  os: string
  /** Its release, without the words that builders of kernels add: 10.1, 6.12. Empty if it is unknown. */
  release: string
}

/** The names by which people know a system whose `uname -s` prints another name. */
const commonNames: readonly [RegExp, string][] = [
  [/^CYGWIN/i, 'Cygwin'],
  [/^MSYS/i, 'MSYS'],
  [/^MINGW/i, 'MinGW'],
  [/^Darwin$/, 'macOS'],
  [/^GNU\/kFreeBSD$/, 'kFreeBSD'],
  [/^GNU$/, 'Hurd'],
]

/** The operating system and its release, from a host's facts. */
export function systemOf(facts: Readonly<Record<string, unknown>>): System {
  const field = (name: string) => (typeof facts[name] === 'string' ? facts[name] : '')
  const name = field('uname_s')
  const release = field('uname_r')
  if (name === 'SunOS') return sunOs(release, field('uname_v'))
  // Android runs Linux's kernel. Its `uname -o` is not a fact, but its kernels have the name in their release.
  if (name === 'Linux' && /android/i.test(release)) return { os: 'Android', release: numbersOf(release) }
  const os = commonNames.find(([pattern]) => pattern.test(name))?.[1] ?? name
  // Cygwin's release is the version of its library: 3.6.1-1.x86_64. Its name has the version of Windows.
  return { os, release: numbersOf(release) }
}

/** Solaris 11 reports the release 5.11 and a version such as 11.4.0.15.0; illumos reports the name of its build. */
function sunOs(release: string, version: string): System {
  const number = /^5\.(\d+)$/.exec(release)?.[1]
  if (/^(11|10)\.\d/.test(version)) return { os: 'Solaris', release: version.split('.').slice(0, 2).join('.') }
  if (number === undefined || Number(number) < 11) return { os: 'Solaris', release: number ?? release }
  return { os: 'illumos', release: version.split(/[-_]/)[1] ?? version }
}

/** The first two numbers of a release, with the word of a pre-release: 6.12 of 6.12.48+deb13-amd64. */
const numbersOf = (release: string): string =>
  /^\d+(?:\.\d+)?(?:[-_](?:RC|BETA|STABLE|CURRENT)\d*)?/i.exec(release)?.[0] ?? release

/** The systems for which a farm is built, in the order of the matrix. Other systems follow in the order of their names. */
const order = ['NetBSD', 'FreeBSD', 'OpenBSD', 'DragonFly', 'Linux', 'Android', 'illumos', 'Solaris', 'macOS', 'Cygwin']

const placeOf = (os: string): number =>
  order.includes(os) ? order.indexOf(os) : os === '' ? order.length + 1 : order.length

export const compareSystems = (one: string, other: string): number =>
  placeOf(one) - placeOf(other) || (one < other ? -1 : one > other ? 1 : 0)
