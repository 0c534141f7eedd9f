import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Location, makeOwned } from './location.ts'
import { letFarmIn } from './role.ts'
import { readSecret, secretLengthMin, writeSecret } from './secret-file.ts'

// Text sorts by bytes and case follows Unicode, the same on every machine whatever its locales.
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
  passwordFile: string
  createDatabases: boolean
}

/**
 * Makes the database cluster if there is none, sees to it that the farm is let in as its own role, and returns that role's
 * password. A start that was cut off leaves nothing by halves.
 */
export const initialise = ({ location, passwordFile, createDatabases }: InitialiseRequest): string => {
  if (existsSync(join(location.data, 'PG_VERSION'))) {
    const password = readPassword(passwordFile, location.data)
    letFarmIn(location, location.data, { password, createDatabases })
    return password
  }
  const password = randomBytes(24).toString('hex')
  const half = `${location.data}.new`
  rmSync(half, { recursive: true, force: true })
  makeOwned(half, location.account)
  runInitdb(location, half)
  letFarmIn(location, half, { password, createDatabases })
  writeSecret(passwordFile, password)
  renameSync(half, location.data)
  return password
}

const readPassword = (file: string, data: string): string => {
  const password = readSecret(file)
  if (password !== undefined && password.length >= secretLengthMin) return password
  throw new Error(
    `${file} is ${password === undefined ? 'missing' : 'empty or cut off'}, and without it the database in ${data} ` +
      `cannot be opened: restore it from a backup, or remove ${data} to start with an empty farm`,
  )
}
