import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Watched {
  /** Negative: the process group. */
  target: number
  signal: 'INT' | 'TERM'
  uid?: number
  gid?: number
}

/**
 * Ends a process of ours when we end without having done so. The watcher's standard input closes with us, even at kill -9;
 * it is told to forget by its own end.
 */
export const endWithUs = ({ target, signal, ...account }: Watched): ChildProcess => {
  if (!Number.isInteger(target) || Math.abs(target) <= 1) throw new RangeError(`no process to watch: ${target}`)
  const watcher = spawn('/bin/sh', ['-c', 'read -r _; kill -s "$1" -- "$2"', 'sh', signal, String(target)], {
    ...account,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C in the terminal is not for it
  })
  watcher.unref()
  return watcher
}

export const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Whether the child has ended before `milliseconds` are over, or `hasten` is. */
export const exitWithin = async (child: ChildProcess, milliseconds: number, hasten?: AbortSignal): Promise<boolean> => {
  if (hasExited(child)) return true
  const over = AbortSignal.timeout(milliseconds)
  const signal = hasten ? AbortSignal.any([over, hasten]) : over
  return once(child, 'exit', { signal }).then(
    () => true,
    () => hasExited(child),
  )
}

export const describeEnd = (child: ChildProcess): string =>
  child.signalCode ? `killed by ${child.signalCode}` : `exit code ${child.exitCode}`
