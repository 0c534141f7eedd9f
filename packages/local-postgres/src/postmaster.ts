import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitWithin, hasExited, logTail, openLog, rotateWhileRunning, sizeOf } from '@rumpfarm/child-process'
import type { Location } from './location.ts'
import { readPostmasterPidFile } from './postmaster-pid-file.ts'
import { socketPort } from './socket.ts'

const startMillisecondsMax = 60_000 // on a slow disk, the recovery after a crash can take long

/** Settings for a small farm: PostgreSQL needs about 100 MB of memory, and a confirmed commit is on the disk. */
const defaultParameters = (socketDirectory: string): Record<string, string | number> => ({
  listen_addresses: '', // no TCP, because any user of the machine could occupy all connections
  port: socketPort,
  unix_socket_directories: `"${socketDirectory.replaceAll('"', '""')}"`,
  max_connections: 100,
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  synchronous_commit: 'on',
  jit: 'off', // the compilation of a query takes longer than any query of the farm
  io_method: 'sync', // saves three worker processes
  max_parallel_workers_per_gather: 0, // parallel workers need shared memory, and containers often have only 64 MB
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
})

export interface RunRequest {
  location: Location
  socketDirectory: string
  logFile: string
  /** Parameters that replace the defaults above. */
  parameters: Record<string, string | number>
}

const spawnPostgres = ({ location, socketDirectory, logFile, parameters }: RunRequest): ChildProcess => {
  const settings = Object.entries({ ...defaultParameters(socketDirectory), ...parameters }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const log = openLog(logFile)
  const child = spawn(join(location.native, 'bin/postgres'), ['-D', location.data, ...settings], {
    ...location.account,
    cwd: '/',
    env: { PGTZ: 'UTC' },
    stdio: ['ignore', log, log],
    detached: true, // Ctrl-C in the terminal must not end the database before the server
  })
  closeSync(log)
  rotateWhileRunning(child, logFile)
  return child
}

/**
 * PostgreSQL writes the status `ready` into its pid file when it accepts connections. pg_ctl waits for the same status.
 */
const waitUntilReady = async (child: ChildProcess, data: string, hasEnded: () => boolean): Promise<boolean> => {
  const end = Date.now() + startMillisecondsMax
  while (!hasEnded() && Date.now() < end) {
    const noted = readPostmasterPidFile(data)
    if (noted?.pid === child.pid && noted?.status === 'ready') return true
    await sleep(20)
  }
  return false
}

/** Starts PostgreSQL, and returns the postmaster when it accepts connections. An error contains the end of the log. */
export const runPostgres = async (request: RunRequest): Promise<ChildProcess> => {
  const { location, logFile } = request
  const logged = sizeOf(logFile)
  const child = spawnPostgres(request)
  let end: string | undefined
  child.once('error', error => (end = error.message))
  child.once('exit', (code, signal) => (end = `it ended with ${signal ?? `exit code ${code}`}`))
  if (await waitUntilReady(child, location.data, () => end !== undefined)) return child

  const output = logTail(logFile, logged)
  if (end === undefined) child.kill('SIGQUIT')
  throw new Error(
    `PostgreSQL did not start: ${end ?? `not ready after ${startMillisecondsMax / 1000} s`}.\n${output}\n(${logFile})`,
  )
}

/** Tries fast shutdown, immediate shutdown, then kill: https://www.postgresql.org/docs/18/server-shutdown.html */
export const stopPostgres = async (child: ChildProcess): Promise<void> => {
  for (const [signal, milliseconds] of [
    ['SIGINT', 20_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (hasExited(child)) return
    child.kill(signal)
    if (await exitWithin(child, milliseconds)) return
  }
}
