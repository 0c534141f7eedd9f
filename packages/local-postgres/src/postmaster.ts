import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Location } from './location.ts'
import { openLog, sizeOf, tail } from './log-file.ts'
import { readPidFile } from './pidfile.ts'
import { exitWithin, hasExited } from './processes.ts'
import { socketPort } from './socket.ts'

const startMillisecondsMax = 60_000 // recovery after a crash on a slow disk

/** For a small farm: about 100 MB of memory, and an answered commit is on the disk. */
const parameters = (socketDirectory: string): Record<string, string | number> => ({
  listen_addresses: '', // no TCP: any user of the machine could take up its connections
  port: socketPort,
  unix_socket_directories: `"${socketDirectory.replaceAll('"', '""')}"`,
  max_connections: 100,
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  synchronous_commit: 'on',
  jit: 'off', // compiling a query costs more than any of ours takes
  io_method: 'sync', // spares three worker processes
  max_parallel_workers_per_gather: 0, // containers often have 64 MB of shared memory
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
})

export interface RunRequest {
  location: Location
  socketDirectory: string
  logFile: string
  /** Added to, or in place of, the farm's own. */
  parameters: Record<string, string | number>
}

const spawnPostgres = ({ location, socketDirectory, logFile, parameters: extra }: RunRequest): ChildProcess => {
  const settings = Object.entries({ ...parameters(socketDirectory), ...extra }).flatMap(([name, value]) => [
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
  return child
}

/** PostgreSQL notes in its pid file when it takes connections, as pg_ctl reads it. */
const waitUntilReady = async (child: ChildProcess, data: string, isOver: () => boolean): Promise<boolean> => {
  const end = Date.now() + startMillisecondsMax
  while (!isOver() && Date.now() < end) {
    const noted = readPidFile(data)
    if (noted?.pid === child.pid && noted?.status === 'ready') return true
    await sleep(20)
  }
  return false
}

/** The running postmaster; an error has the end of its log. */
export const runPostgres = async (request: RunRequest): Promise<ChildProcess> => {
  const { location, logFile } = request
  const logged = sizeOf(logFile)
  const child = spawnPostgres(request)
  let over: string | undefined
  child.once('error', error => (over = error.message))
  child.once('exit', (code, signal) => (over = `it ended with ${signal ?? `exit code ${code}`}`))
  if (await waitUntilReady(child, location.data, () => over !== undefined)) return child

  const said = tail(logFile, Math.min(logged, sizeOf(logFile)))
  if (over === undefined) child.kill('SIGQUIT')
  throw new Error(
    `PostgreSQL did not start: ${over ?? `not ready after ${startMillisecondsMax / 1000} s`}.\n${said}\n(${logFile})`,
  )
}

/** Fast shutdown (open transactions are rolled back); harder when that takes too long. */
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
