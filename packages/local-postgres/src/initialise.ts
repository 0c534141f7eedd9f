import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Location, makeOwned } from './location.ts'
import type { PasswordFile } from './request.ts'
import { createFarmRole } from './role.ts'

// PostgreSQL sorts text by bytes, and changes upper and lower case by the rules of Unicode. So machines with different
// locales give the same results.
const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']

const runInitdb = ({ native, account }: Location, data: string): void => {
  const args = ['-D', data, '-U', 'postgres', '-A', 'reject', '--no-instructions', ...locale]
  const result = spawnSync(join(native, 'bin/initdb'), args, { ...account, cwd: '/', encoding: 'utf8', env: {} })
  if (result.status === 0) return
  const output = result.error?.message ?? `${result.stdout}${result.stderr}`.trim()
  throw new Error(
    `PostgreSQL's initdb failed for ${data}:\n${output}\nSet DATABASE_URL to use a PostgreSQL of your own`,
  )
}

export interface InitialiseRequest {
  location: Location
  passwordFile: PasswordFile
  createDatabases: boolean
}

/**
 * Creates the database cluster and the farm's role if necessary, and returns the role's password. After an interrupted
 * start, the next start creates the cluster again.
 */
export const initialise = ({ location, passwordFile, createDatabases }: InitialiseRequest): string => {
  if (existsSync(join(location.data, 'PG_VERSION'))) {
    const password = readPassword(passwordFile, location.data)
    createFarmRole(location, location.data, { password, createDatabases })
    return password
  }
  const password = randomBytes(24).toString('hex')
  const incomplete = `${location.data}.new`
  rmSync(incomplete, { recursive: true, force: true })
  makeOwned(incomplete, location.account)
  runInitdb(location, incomplete)
  createFarmRole(location, incomplete, { password, createDatabases })
  passwordFile.write(password)
  renameSync(incomplete, location.data)
  return password
}

/** If the password in the file is shorter, it was not written completely. */
const passwordLengthMin = 16

const readPassword = (file: PasswordFile, data: string): string => {
  const password = file.read()
  if (password !== undefined && password.length >= passwordLengthMin) return password
  throw new Error(
    `${file.path} is ${password === undefined ? 'missing' : 'empty or cut off'}, and the database in ${data} cannot be ` +
      `opened without it: restore it from a backup, or remove ${data} to start with an empty farm`,
  )
}
