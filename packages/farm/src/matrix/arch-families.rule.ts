/**
 * The families of processors, in the order of the matrix. Columns of a family are neighbours, so a failure of one
 * family is visible as a block. A pattern matches the start of an arch's name.
 */
const families: readonly (readonly [name: string, arches: RegExp])[] = [
  ['x86', /^(amd64|x86_64|i[3-6]86|x86|x32)(?![a-z0-9])/],
  ['ARM', /^(arm|aarch64|earm)/],
  ['RISC-V', /^riscv/],
  ['Power', /^(ppc|powerpc)/],
  ['MIPS', /^mips/],
  ['SPARC', /^sparc/],
]

/** The usual order within a family: 64 bits first. Other names follow in the order of their letters. */
const usual = [
  'amd64 x86_64 i686 i586 i486 i386 x86 x32',
  'arm64 aarch64 armv8 armv7 armv6 armv5 arm earmv7hf earmv6hf earm',
  'riscv64 riscv32',
  'ppc64le powerpc64le ppc64 powerpc64 ppc powerpc',
  'mips64 mips64el mips mipsel',
  'sparc64 sparc',
]
  .join(' ')
  .split(' ')

export interface Column {
  arch: string
  /** The number of the arch's family. All arches without a family have one number. */
  family: number
}

/** The arches in the order of the matrix's columns. */
export const orderArches = (arches: Iterable<string>): Column[] =>
  [...new Set(arches)]
    .map(arch => ({ arch, family: familyOf(arch), place: placeOf(arch) }))
    .sort((a, b) => a.family - b.family || a.place - b.place || (a.arch < b.arch ? -1 : 1))
    .map(({ arch, family }) => ({ arch, family }))

function familyOf(arch: string): number {
  const found = families.findIndex(([, pattern]) => pattern.test(arch))
  return found === -1 ? families.length : found
}

const placeOf = (arch: string): number => (usual.includes(arch) ? usual.indexOf(arch) : usual.length)
