import { randomUUID } from 'node:crypto'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Account, accountCan, chooseAccount } from './account.ts'
import type { PostgresPackage } from './binaries.ts'

/** Where PostgreSQL runs from, where its data lies, and as whom. */
export interface Location {
  native: string
  data: string
  account: Account
}

export interface LocationRequest {
  directory: string
  package: PostgresPackage
  /** Where data and binaries go when the account cannot reach them. */
  fallback: string
}

export const makeOwned = (directory: string, { uid, gid }: Account): void => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid)
}

/** `directory` was made for this farm's data elsewhere once: its name there, the same at every start. */
const elsewhereName = (directory: string): string => {
  const file = join(directory, 'elsewhere')
  if (!existsSync(file)) writeFileSync(file, `${randomUUID()}\n`)
  return readFileSync(file, 'utf8').trim()
}

const copyOnce = (from: string, to: string): string => {
  if (existsSync(to)) return to
  const half = `${to}.${process.pid}`
  cpSync(from, half, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(half, to)
  } catch (error) {
    if (!existsSync(to)) throw error // else another start was quicker
    rmSync(half, { recursive: true })
  }
  return to
}

const unreachableText = (data: string): string =>
  `PostgreSQL's account cannot reach its data in ${data}: a directory above has become private. ` +
  'Let others enter it (chmod o+x), or move the data directory elsewhere and set RUMPFARM_DATA'

const reachableData = ({ directory, fallback }: LocationRequest): Pick<Location, 'data' | 'account'> => {
  const near = join(directory, 'data')
  const account = chooseAccount(near)
  if (account.uid === undefined) return { data: near, account }
  makeOwned(near, account)
  if (accountCan(account, 'test', ['-w', near])) return { data: near, account }
  if (readdirSync(near).length > 0) throw new Error(unreachableText(near))
  rmdirSync(near)
  mkdirSync(fallback, { recursive: true, mode: 0o755 })
  const far = join(fallback, elsewhereName(directory))
  return { data: far, account: chooseAccount(far) }
}

/**
 * As root PostgreSQL runs under another account, and that one cannot enter a clone below a private directory such as /root.
 * Then the data, the binaries, or both live under `fallback` (/var/lib/rumpfarm).
 */
export const chooseLocation = (request: LocationRequest): Location => {
  const { native, version } = request.package
  const { data, account } = reachableData(request)
  if (account.uid === undefined || accountCan(account, join(native, 'bin/postgres'), ['--version'])) {
    makeOwned(data, account)
    return { native, data, account }
  }
  mkdirSync(request.fallback, { recursive: true, mode: 0o755 })
  makeOwned(data, account)
  return { native: copyOnce(native, join(request.fallback, `postgresql-${version}`)), data, account }
}
