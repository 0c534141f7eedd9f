import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import {
  describeExit,
  endWithParent,
  exitWithin,
  hasExited,
  logTail,
  openLog,
  rotateWhileRunning,
  sizeOf,
} from '@rumpfarm/child-process'

export interface ChildRequest {
  /** The program and its arguments. */
  command: readonly string[]
  environment: Record<string, string>
  directory: string
  logFile: string
}

export interface Child {
  process: ChildProcess
  /** Resolves with the reason when the process has ended. */
  ended: Promise<string>
  /** Returns the last lines that the process has logged since its start. */
  lastLines: () => string
  stop: (timeouts: StopTimeouts, hurry: AbortSignal) => Promise<void>
}

/** The milliseconds between TERM and KILL: normally, and after a second Ctrl-C. */
export interface StopTimeouts {
  normal: number
  hurried: number
}

/**
 * Starts a child in its own session. The terminal's Ctrl-C does not reach the child, so this process can stop all
 * children in order. If this process ends, the child ends too.
 */
export const startChild = ({ command, environment, directory, logFile }: ChildRequest): Child => {
  const since = sizeOf(logFile)
  const log = openLog(logFile)
  // env(1) adds the variables to the inherited environment, and then replaces itself with the command. So the child is
  // the process of the command.
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const stdio: ['ignore', number, number] = ['ignore', log, log]
  const child = spawn('env', [...variables, ...command], { cwd: directory, stdio, detached: true })
  closeSync(log)
  rotateWhileRunning(child, logFile)
  const ended = once(child, 'exit').then(() => describeExit(child))
  if (child.pid !== undefined) endWithThisProcess(child, child.pid)
  return {
    process: child,
    ended,
    lastLines: () => logTail(logFile, since),
    stop: (timeouts, hurry) => stopGroup(child, timeouts, hurry),
  }
}

const endWithThisProcess = (child: ChildProcess, pid: number): void => {
  const watcher = endWithParent({ target: -pid, signal: 'TERM' })
  child.once('exit', () => watcher.kill('SIGKILL'))
}

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined || child.pid <= 1) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const stopGroup = async (child: ChildProcess, { normal, hurried }: StopTimeouts, hurry: AbortSignal): Promise<void> => {
  if (hasExited(child)) return
  signalGroup(child, 'SIGTERM')
  if (await exitWithin(child, normal, hurry)) return
  if (hurry.aborted && (await exitWithin(child, hurried))) return
  signalGroup(child, 'SIGKILL')
  await exitWithin(child, 5_000)
}
