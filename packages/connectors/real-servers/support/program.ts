import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The user that runs a server, if root runs the tests. These servers refuse to run as root. */
export interface Account {
  uid: number
  gid: number
}

/** The numbers of a user; undefined if another user than root runs the tests. */
export function accountOf(user: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const number = (flag: string) => Number(execFileSync('id', [flag, user]).toString())
  return { uid: number('-u'), gid: number('-g') }
}

/** A directory with files that belong to `account`. */
export function makeDirectory(account: Account | undefined) {
  const path = mkdtempSync(join(tmpdir(), 'rumpfarm-real-server-'))
  const own = (file: string) => {
    if (account) chownSync(file, account.uid, account.gid)
    return file
  }
  own(path)
  const file = (name: string, text: string) => {
    writeFileSync(join(path, name), text, { mode: 0o600 })
    return own(join(path, name))
  }
  return { path, file, remove: () => rmSync(path, { recursive: true }) }
}

/** Starts a server in the foreground. The second value stops the server. */
export function startProgram(command: string, words: readonly string[], account?: Account) {
  const output: string[] = []
  const child: ChildProcess = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], ...account })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => output.push(String(text)))
  const stop = async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  return { stop, output: () => output.join('') }
}
