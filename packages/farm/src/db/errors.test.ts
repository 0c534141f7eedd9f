import { expect, test } from 'vitest'
import { isGivenUp, isOwnDoing, isStorageFull } from './errors.ts'
import { NoTurn } from './query-limit.ts'

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

const own = '4 queries of this client are running, and none of them ended within 2000 ms'
const other = '6 queries of this kind are running, and none of them ended within 2000 ms'
test.each([
  ['queries of the same client are running', [true, true], new NoTurn(own, true)],
  ['queries of the same client are running (error of Prisma)', [true, true], new Error(`Invalid invocation\n${own}`)],
  ['queries of other clients are running', [true, false], new NoTurn(other, false)],
  ['queries of other clients are running (error of Prisma)', [true, false], new Error(`Invalid invocation\n${other}`)],
  ['the query took too long', [true, false], { code: '57014' }],
  ['a column does not exist', [false, false], { code: '42703' }],
])('if %s, isGivenUp and isOwnDoing return %j', (_, wanted, error) =>
  expect([isGivenUp(error), isOwnDoing(error)]).toEqual(wanted),
)
