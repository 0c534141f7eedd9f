import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLog, sizeOf, tail } from '../log-file.ts'
import { exitWithin, hasExited } from '../processes.ts'
import { readPidFile } from './pidfile.ts'
import type { Place } from './place.ts'

const startMillisecondsMax = 60_000 // recovery after a crash on a slow disk

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** For a small farm: about 100 MB of memory, and an answered commit is on the disk. */
const parameters = (port: number): Record<string, string | number> => ({
  listen_addresses: '127.0.0.1',
  port,
  unix_socket_directories: '', // a socket's path may have 107 characters, a clone's path more
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
  place: Place
  logFile: string
  /** Added to, or in place of, the farm's own. */
  parameters: Record<string, string | number>
}

export interface Postmaster {
  child: ChildProcess
  port: number
}

const spawnPostgres = ({ place, logFile, parameters: extra }: RunRequest, port: number): ChildProcess => {
  const settings = Object.entries({ ...parameters(port), ...extra }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const log = openLog(logFile)
  const child = spawn(join(place.native, 'bin/postgres'), ['-D', place.data, ...settings], {
    ...place.account,
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

const portTaken = /could not bind IPv4 address/

export const runPostgres = async (request: RunRequest, attempts = 3): Promise<Postmaster> => {
  const { place, logFile } = request
  const logged = sizeOf(logFile)
  const port = await freePort()
  const child = spawnPostgres(request, port)
  let over: string | undefined
  child.once('error', error => (over = error.message))
  child.once('exit', (code, signal) => (over = `it ended with ${signal ?? `exit code ${code}`}`))
  if (await waitUntilReady(child, place.data, () => over !== undefined)) return { child, port }

  const said = tail(logFile, Math.min(logged, sizeOf(logFile)))
  if (portTaken.test(said) && attempts > 1) return runPostgres(request, attempts - 1)
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
