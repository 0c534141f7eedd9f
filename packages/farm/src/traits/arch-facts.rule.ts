export interface ArchFacts {
  bits: 32 | 64
  endian: 'little' | 'big'
}

const little32: ArchFacts = { bits: 32, endian: 'little' }
const little64: ArchFacts = { bits: 64, endian: 'little' }
const big32: ArchFacts = { bits: 32, endian: 'big' }
const big64: ArchFacts = { bits: 64, endian: 'big' }

/** The usual names of each kind. Names that are not here, such as an owner's own name, have no word size. */
const names: [ArchFacts, string][] = [
  [little64, 'amd64 x86_64 x64 arm64 aarch64 ppc64le powerpc64le mips64el riscv64 loongarch64 alpha ia64'],
  [little32, 'i386 i486 i586 i686 x86 arm armel armhf armv6 armv7 evbarm mipsel pmax riscv32 vax sh3 sh4 sh3el'],
  [big64, 'sparc64 sun4u sun4v ppc64 powerpc64 mips64 s390x hppa64 arm64eb aarch64eb'],
  [big32, 'sparc sparc32 ppc powerpc macppc mips mipseb sgimips s390 hppa m68k mac68k sun3 armeb sh3eb'],
]

const known = new Map(names.flatMap(([facts, list]) => list.split(' ').map(name => [name, facts] as const)))

/** The word size and the byte order of an arch. Undefined if the farm does not know the name. */
export const archFacts = (arch: string): ArchFacts | undefined => known.get(arch)
