import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Waits until the child exits, `milliseconds` pass, or `stopWaiting` aborts. Returns whether the child has exited. */
export const exitWithin = async (
  child: ChildProcess,
  milliseconds: number,
  stopWaiting?: AbortSignal,
): Promise<boolean> => {
  if (hasExited(child)) return true
  const timeout = AbortSignal.timeout(milliseconds)
  const signal = stopWaiting ? AbortSignal.any([timeout, stopWaiting]) : timeout
  return once(child, 'exit', { signal }).then(
    () => true,
    () => hasExited(child),
  )
}

/** For example `killed by SIGTERM` or `exit code 1`. */
export const describeExit = (child: ChildProcess): string =>
  child.signalCode ? `killed by ${child.signalCode}` : `exit code ${child.exitCode}`
