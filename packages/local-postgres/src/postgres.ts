import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findPostgres } from './binaries.ts'
import { initialise } from './initialise.ts'
import { clearLeftover } from './leftover.ts'
import { chooseLocation } from './location.ts'
import type { Log } from './log-file.ts'
import { runPostgres, stopPostgres } from './postmaster.ts'
import { describeEnd, endWithUs } from './processes.ts'
import { farmDatabase, farmRole } from './role.ts'
import { forgetServer, noteServer, startingServer } from './server-note.ts'
import { makeSocketDirectory, removeSocketDirectory } from './socket.ts'

export interface LocalPostgresRequest {
  /** Made if it is not there; everything that PostgreSQL keeps is below it, or named in it. */
  directory: string
  log: Log
  /** Where root's PostgreSQL goes when its account cannot enter `directory`. */
  fallback?: string
  /** Server parameters beside the farm's own. */
  parameters?: Record<string, string | number>
  /** Whether the farm's role may make further databases, as tests do. By default not. */
  createDatabases?: boolean
  /** PostgreSQL ended by itself. By default this server is asked to end, too, in order: it can do nothing without. */
  onEnd?: () => void
}

export interface LocalPostgres {
  url: string
  /** The postmaster's process number. */
  pid: number
  stop: () => Promise<void>
}

const endThisServer = (): void => {
  process.exitCode = 1 // a supervisor is to start us again
  process.kill(process.pid, 'SIGTERM')
}

/** The PostgreSQL that npm ships, as any user, with its data kept in `directory`; it listens on a private socket, not on TCP. */
export const startLocalPostgres = async (request: LocalPostgresRequest): Promise<LocalPostgres> => {
  const directory = resolve(request.directory)
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  const {
    fallback = '/var/lib/rumpfarm',
    parameters = {},
    createDatabases = false,
    log,
    onEnd = endThisServer,
  } = request
  const location = chooseLocation({ directory, package: await findPostgres(), fallback })
  if (!location.data.startsWith(directory))
    log.info(`the database lies in ${location.data}: its account cannot enter ${directory}`)
  await clearLeftover(location.data, startingServer(directory), log)
  const password = initialise({ location, passwordFile: join(directory, 'password'), createDatabases })

  const socketDirectory = makeSocketDirectory(location)
  const logFile = join(directory, 'postgres.log')
  const child = await runPostgres({ location, socketDirectory, logFile, parameters })
  const pid = child.pid as number
  noteServer(directory, process.pid, pid)
  const watch = endWithUs({ target: pid, signal: 'INT', ...location.account })
  let stopping = false
  child.once('exit', () => {
    watch.kill('SIGKILL')
    if (stopping) return
    log.error(`PostgreSQL ended by itself (${describeEnd(child)}); see ${logFile}`)
    onEnd()
  })
  return {
    url: `postgresql://${farmRole}:${password}@${encodeURIComponent(socketDirectory)}/${farmDatabase}`,
    pid,
    stop: async () => {
      stopping = true
      await stopPostgres(child)
      removeSocketDirectory(location)
      forgetServer(directory)
    },
  }
}
