import { expect, test } from 'vitest'
import { isStorageFull } from './errors.ts'

const asPrismaWrapsIt = (originalCode: string) => ({
  code: 'P2010',
  meta: { driverAdapterError: { cause: { originalCode } } },
})

test.each([
  ['the file system', { code: 'ENOSPC' }, true],
  ['the quota of the user', { code: 'EDQUOT' }, true],
  ['PostgreSQL', { code: '53100' }, true],
  ['PostgreSQL through Prisma', asPrismaWrapsIt('53100'), true],
  ['the connections of PostgreSQL', { code: '53300' }, false],
  ['the memory of PostgreSQL', asPrismaWrapsIt('53200'), false],
  ['a file without permission', { code: 'EACCES' }, false],
  ['nothing', undefined, false],
])('isStorageFull is right for an error of %s', (_, error, full) => expect(isStorageFull(error)).toBe(full))
