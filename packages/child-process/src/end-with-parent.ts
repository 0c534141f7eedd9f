import { type ChildProcess, spawn } from 'node:child_process'

export interface WatchRequest {
  /** The process to signal; negative: a process group. */
  target: number
  signal: 'INT' | 'TERM'
  /** The user that the watcher runs as, if not this process's. */
  uid?: number
  gid?: number
}

/**
 * Starts a watcher that signals `target` when this process ends, also after SIGKILL: the watcher's standard input closes then.
 * Kill the watcher when the target has ended, because another process can receive the target's number.
 */
export const endWithParent = ({ target, signal, ...account }: WatchRequest): ChildProcess => {
  if (!Number.isInteger(target) || Math.abs(target) <= 1) throw new RangeError(`not a process to watch: ${target}`)
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill -s "$1" -- "$2"', 'sh', signal, String(target)], {
    ...account,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C in the terminal must not end it
  })
  watcher.unref()
  return watcher
}
