import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/** The user of PostgreSQL. An empty object means the user of this process. */
export interface Account {
  uid?: number
  gid?: number
}

const passwdEntry = (name: string): Required<Account> | undefined => {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find(entry => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

const ownerOf = (path: string): Required<Account> | undefined => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && stat.uid !== 0 ? { uid: stat.uid, gid: stat.gid } : undefined
}

/**
 * The user for PostgreSQL, which refuses to run as root. An existing data directory keeps its owner. A new data
 * directory gets the account `postgres`, which packages of PostgreSQL create, or else the account `nobody`.
 */
export const chooseAccount = (dataDirectory: string): Account => {
  if (process.getuid?.() !== 0) return {}
  return ownerOf(dataDirectory) ?? passwdEntry('postgres') ?? passwdEntry('nobody') ?? { uid: 65534, gid: 65534 }
}

/**
 * Whether the command succeeds as this user. For example, a command fails if its file is below a private directory such
 * as /root.
 */
export const accountCan = (account: Account, command: string, args: string[]): boolean =>
  spawnSync(command, args, { ...account, cwd: '/', stdio: 'ignore' }).status === 0
