import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/** The user that PostgreSQL runs as; empty: this process's own. */
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
 * PostgreSQL refuses to run as root. A data directory keeps the owner that it was made with; a new one gets the account that
 * a packaged PostgreSQL would use, else nobody's.
 */
export const chooseAccount = (dataDirectory: string): Account => {
  if (process.getuid?.() !== 0) return {}
  return ownerOf(dataDirectory) ?? passwdEntry('postgres') ?? passwdEntry('nobody') ?? { uid: 65534, gid: 65534 }
}

/** Whether that account can do it: a parent directory such as /root may keep it out. */
export const accountCan = (account: Account, command: string, args: string[]): boolean =>
  spawnSync(command, args, { ...account, cwd: '/', stdio: 'ignore' }).status === 0
