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

/** The directory of PostgreSQL's programs, its data directory, and its user. */
export interface Location {
  native: string
  data: string
  account: Account
}

export interface LocationRequest {
  directory: string
  package: PostgresPackage
  /** The directory for the data and the programs if the account cannot reach their usual directories. */
  fallback: string
}

export const makeOwned = (directory: string, { uid, gid }: Account): void => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid)
}

/**
 * The name of this farm's data below `fallback`. The file `elsewhere` stores the name, so that every start finds the
 * data.
 */
const fallbackName = (directory: string): string => {
  const file = join(directory, 'elsewhere')
  if (!existsSync(file)) writeFileSync(file, `${randomUUID()}\n`)
  return readFileSync(file, 'utf8').trim()
}

const copyOnce = (from: string, to: string): string => {
  if (existsSync(to)) return to
  const incomplete = `${to}.${process.pid}`
  cpSync(from, incomplete, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(incomplete, to)
  } catch (error) {
    if (!existsSync(to)) throw error // if `to` exists now, another start was faster
    rmSync(incomplete, { recursive: true })
  }
  return to
}

const unreachableText = (data: string): string =>
  `PostgreSQL's account cannot reach its data in ${data}: a directory above has become private. ` +
  'Allow others to enter it (chmod o+x), or move the data directory and set RUMPFARM_DATA'

const chooseData = ({ directory, fallback }: LocationRequest): Pick<Location, 'data' | 'account'> => {
  const near = join(directory, 'data')
  const account = chooseAccount(near)
  if (account.uid === undefined) return { data: near, account }
  makeOwned(near, account)
  if (accountCan(account, 'test', ['-w', near])) return { data: near, account }
  if (readdirSync(near).length > 0) throw new Error(unreachableText(near))
  rmdirSync(near)
  mkdirSync(fallback, { recursive: true, mode: 0o755 })
  const far = join(fallback, fallbackName(directory))
  return { data: far, account: chooseAccount(far) }
}

/** The data directory of a database that an earlier start has created; undefined if there is none. */
export const findData = (directory: string, fallback: string): string | undefined => {
  const near = join(directory, 'data')
  const elsewhere = join(directory, 'elsewhere')
  const far = existsSync(elsewhere) ? [join(fallback, readFileSync(elsewhere, 'utf8').trim())] : []
  return [near, ...far].find(data => existsSync(join(data, 'PG_VERSION')))
}

/**
 * Chooses the directories and the user of PostgreSQL. If this process is root, PostgreSQL runs as another user. If the
 * clone is below a private directory such as /root, this user cannot enter the clone. In this case, the data, the
 * programs, or both are below `fallback` (/var/lib/rumpfarm).
 */
export const chooseLocation = (request: LocationRequest): Location => {
  const { native, version } = request.package
  const { data, account } = chooseData(request)
  if (account.uid === undefined || accountCan(account, join(native, 'bin/postgres'), ['--version'])) {
    makeOwned(data, account)
    return { native, data, account }
  }
  mkdirSync(request.fallback, { recursive: true, mode: 0o755 })
  makeOwned(data, account)
  return { native: copyOnce(native, join(request.fallback, `postgresql-${version}`)), data, account }
}
