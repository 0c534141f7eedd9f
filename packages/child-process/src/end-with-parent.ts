import { type ChildProcess, spawn } from 'node:child_process'

export interface WatchRequest {
  /** The process id to signal; a negative number means a process group. */
  target: number
  signal: 'INT' | 'TERM'
  /** The watcher's user; by default, the user of this process. */
  uid?: number
  gid?: number
}

/**
 * Starts a watcher, which signals `target` when this process ends. This works even after SIGKILL, because the standard
 * input of the watcher then closes. When the target has ended, kill the watcher, because another process can get the
 * target's process id.
 */
export const endWithParent = ({ target, signal, ...account }: WatchRequest): ChildProcess => {
  if (!Number.isInteger(target) || Math.abs(target) <= 1) throw new RangeError(`not a process to watch: ${target}`)
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill -s "$1" -- "$2"', 'sh', signal, String(target)], {
    ...account,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C in the terminal must not end the watcher
  })
  watcher.unref()
  return watcher
}
