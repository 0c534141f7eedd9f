import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { describeExit, endWithParent, exitWithin, hasExited, logTail, openLog, sizeOf } from '@rumpfarm/child-process'

export interface ChildRequest {
  /** Program and arguments. */
  command: readonly string[]
  environment: Record<string, string>
  directory: string
  logFile: string
}

export interface Child {
  process: ChildProcess
  /** Settles when it has ended, whoever ended it. */
  ended: Promise<string>
  /** The last lines it wrote since it was started. */
  lastWords: () => string
  stop: (patience: Patience, hasten: AbortSignal) => Promise<void>
}

/** Milliseconds between TERM and KILL: usually, and once we are to hasten. */
export interface Patience {
  usual: number
  hasty: number
}

/** In a session of its own, so that the terminal's Ctrl-C leaves it to us to end things in order; and it never outlives us. */
export const startChild = ({ command, environment, directory, logFile }: ChildRequest): Child => {
  const since = sizeOf(logFile)
  const log = openLog(logFile)
  // env(1) adds to our environment without this program having to read it, and becomes the command: same process number.
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const stdio: ['ignore', number, number] = ['ignore', log, log]
  const child = spawn('env', [...variables, ...command], { cwd: directory, stdio, detached: true })
  closeSync(log)
  const ended = once(child, 'exit').then(() => describeExit(child))
  if (child.pid !== undefined) watchOver(child, child.pid)
  return {
    process: child,
    ended,
    lastWords: () => logTail(logFile, since),
    stop: (patience, hasten) => stopGroup(child, patience, hasten),
  }
}

const watchOver = (child: ChildProcess, pid: number): void => {
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

const stopGroup = async (child: ChildProcess, { usual, hasty }: Patience, hasten: AbortSignal): Promise<void> => {
  if (hasExited(child)) return
  signalGroup(child, 'SIGTERM')
  if (await exitWithin(child, usual, hasten)) return
  if (hasten.aborted && (await exitWithin(child, hasty))) return
  signalGroup(child, 'SIGKILL')
  await exitWithin(child, 5_000)
}
