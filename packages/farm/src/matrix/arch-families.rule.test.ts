import { expect, test } from 'vitest'
import { orderArches } from './arch-families.rule.ts'

const ordered = (arches: string) =>
  orderArches(arches.split(' '))
    .map(({ arch, family }, index, all) => `${index > 0 && family !== all[index - 1]?.family ? '| ' : ''}${arch}`)
    .join(' ')

test.each([
  ['sh3el alpha vax', 'alpha sh3el vax'],
  ['sparc ppc64 i386 mips amd64', 'amd64 i386 | ppc64 | mips | sparc'],
  ['arm64 armv6 armv7 earmv4', 'arm64 armv7 armv6 earmv4'],
  ['mipsel mips64el mips mips64', 'mips64 mips64el mips mipsel'],
  ['x86_64-musl x86_64 i386pae', 'x86_64 x86_64-musl | i386pae'],
  ['s390x riscv64 amd64 amd64', 'amd64 | riscv64 | s390x'],
])('the columns of the arches %s are %s', (arches, columns) => {
  expect(ordered(arches)).toBe(columns)
})
