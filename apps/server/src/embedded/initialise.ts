import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSecret, secretLengthMin, writeSecret } from '../secret-file.ts'
import type { Account } from './account.ts'
import { makeOwned, type Place } from './place.ts'

export const postgresUser = 'farm'

/** initdb reads the password from a file, as PostgreSQL's account; an argument would be seen in the process list. */
const withPasswordFile = <T>(password: string, { uid, gid }: Account, use: (file: string) => T): T => {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-initdb-'))
  const file = join(directory, 'password')
  try {
    writeFileSync(file, `${password}\n`, { mode: 0o600 })
    if (uid !== undefined && gid !== undefined) for (const path of [file, directory]) chownSync(path, uid, gid)
    return use(file)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

// Text sorts by bytes and case follows Unicode, the same on every machine whatever its locales.
const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']

const runInitdb = ({ native, account }: Place, data: string, password: string): void => {
  const result = withPasswordFile(password, account, file => {
    const args = [
      '-D',
      data,
      '-U',
      postgresUser,
      '-A',
      'scram-sha-256',
      `--pwfile=${file}`,
      '--no-instructions',
      ...locale,
    ]
    return spawnSync(join(native, 'bin/initdb'), args, { ...account, cwd: '/', encoding: 'utf8', env: {} })
  })
  if (result.status === 0) return
  const output = result.error?.message ?? `${result.stdout}${result.stderr}`.trim()
  throw new Error(
    `PostgreSQL's initdb failed for ${data}:\n${output}\nSet DATABASE_URL to use a PostgreSQL of your own`,
  )
}

/** Makes the database cluster if there is none, and returns its password. An initdb that was cut off leaves nothing. */
export const initialise = (place: Place, passwordFile: string): string => {
  if (existsSync(join(place.data, 'PG_VERSION'))) return readPassword(passwordFile, place.data)
  const password = randomBytes(24).toString('hex')
  const half = `${place.data}.new`
  rmSync(half, { recursive: true, force: true })
  makeOwned(half, place.account)
  runInitdb(place, half, password)
  writeSecret(passwordFile, password)
  renameSync(half, place.data)
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
