import type { Doubt } from './state.rule.ts'

/** Where the failure shows itself. */
export interface FailurePlace {
  /** A file that the first error line names, as the compiler printed it; null if it names none. */
  file: string | null
  /** The arch of the failing cell. */
  arch: string
}

const sameFile = 4
const relatedFile = 2
const sameArch = 3
const unrelated = 0.1

/**
 * How likely a commit with these files is the first bad commit, compared with a commit about which nothing is known
 * (1). Weights only order the probes.
 */
export function weightOf(files: readonly string[], { file, arch }: FailurePlace): number {
  if (files.length === 0) return 1
  if (files.every(isDocumentation) || files.every(name => isOfOtherArch(name, arch))) return unrelated
  const place = file === null ? 1 : Math.max(1, ...files.map(name => likeness(name, file)))
  return place * (files.some(name => isOfArch(name, arch)) ? sameArch : 1)
}

/** Why a person should check a commit again if it is the answer. */
export function doubtOf(files: readonly string[], isMerge: boolean, arch: string): Doubt | null {
  if (isMerge) return 'merge'
  if (files.length === 0) return null
  if (files.every(isDocumentation)) return 'documentation'
  return files.every(name => isOfOtherArch(name, arch)) ? 'other-arch' : null
}

function likeness(name: string, file: string): number {
  if (endsWithPath(file, name) || endsWithPath(name, file)) return sameFile
  const [own, other] = [stem(name), stem(file)]
  const isPair = own.name === other.name && (endsWithPath(own.path, other.path) || endsWithPath(other.path, own.path))
  return isPair || isSameDirectory(directory(name), directory(file)) ? relatedFile : 1
}

/** Whether the whole path `end` is at the end of the path `whole`. The compiler can print a part of the path. */
const endsWithPath = (whole: string, end: string): boolean => whole === end || whole.endsWith(`/${end}`)

const isSameDirectory = (one: string, other: string) =>
  one !== '' && other !== '' && (endsWithPath(one, other) || endsWithPath(other, one))

const directory = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** The path without the suffix of the file: a.c and a.h are a pair. */
function stem(path: string) {
  const without = path.replace(/\.\w+$/, '')
  return { path: without, name: without.slice(without.lastIndexOf('/') + 1) }
}

export const isDocumentation = (name: string): boolean =>
  /(^|\/)(docs?|man|share\/man)\//i.test(name) || /\.(md|rst|txt|adoc|texi|[1-9])$/i.test(name)

/** Names of one processor family. Systems and projects use different names for the same processor. */
const families = [
  ['amd64', 'x86_64', 'x86-64', 'x64'],
  ['i386', 'i486', 'i586', 'i686', 'x86', 'i86pc'],
  ['aarch64', 'arm64', 'evbarm64'],
  ['arm', 'armv6', 'armv7', 'armhf', 'evbarm', 'arm32'],
  ['sparc64', 'sun4u', 'sun4v'],
  ['sparc', 'sparc32'],
  ['powerpc', 'ppc', 'macppc'],
  ['powerpc64', 'ppc64', 'ppc64le', 'powerpc64le'],
  ['mips', 'mipsel', 'mipseb', 'evbmips', 'sgimips', 'pmax'],
  ['mips64', 'mips64el'],
  ['riscv', 'riscv64', 'riscv32'],
  ['m68k', 'mac68k', 'amiga', 'atari', 'sun3', 'hp300'],
  ['alpha'],
  ['hppa', 'hppa64'],
  ['vax'],
  ['ia64'],
  ['s390x', 's390'],
  ['sh3', 'sh4', 'sh'],
  ['loongarch64', 'loongarch'],
]

const familyOf = (name: string): string | undefined => families.find(names => names.includes(name))?.[0]

/** The processor family that a directory of the path names, such as arch/sparc64 or cpu/arm. */
function familyInPath(name: string): string | undefined {
  const directories = name.split('/').slice(0, -1)
  const after = directories.findIndex(part => part === 'arch' || part === 'cpu')
  return after < 0 ? undefined : familyOf(directories[after + 1] ?? '')
}

const isOfArch = (name: string, arch: string): boolean =>
  familyInPath(name) !== undefined && familyInPath(name) === familyOf(arch)

const isOfOtherArch = (name: string, arch: string): boolean => {
  const family = familyInPath(name)
  return family !== undefined && familyOf(arch) !== undefined && family !== familyOf(arch)
}

/** The file that an error line names, such as sys/vm.c in `sys/vm.c:12: error: …`. Null if it names none. */
export const fileInLine = (line: string): string | null =>
  /(?:^|[\s"'(])([\w./+-]{1,300}\.[A-Za-z]\w{0,4})(?=[:"',()\s]|$)/.exec(line)?.[1] ?? null
