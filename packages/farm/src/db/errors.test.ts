import { expect, test } from 'vitest'
import { isStorageFull } from './errors.ts'

const asPrismaWrapsIt = (originalCode: string) => ({
  code: 'P2010',
  meta: { driverAdapterError: { cause: { originalCode } } },
})

test.each([
  ['the file system is full', true, { code: 'ENOSPC' }],
  ['the quota of the user is full', true, { code: 'EDQUOT' }],
  ['the disk of PostgreSQL is full', true, { code: '53100' }],
  ['the disk of PostgreSQL is full (error of Prisma)', true, asPrismaWrapsIt('53100')],
  ['PostgreSQL has too many connections', false, { code: '53300' }],
  ['PostgreSQL has too little memory', false, asPrismaWrapsIt('53200')],
  ['a file may not be read', false, { code: 'EACCES' }],
  ['there is no error', false, undefined],
])('if %s, isStorageFull returns %s', (_, full, error) => expect(isStorageFull(error)).toBe(full))
