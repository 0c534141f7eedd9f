import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Log } from '../log-file.ts'
import { endWithUs } from '../processes.ts'
import { findPostgres } from './binaries.ts'
import { initialise, postgresUser } from './initialise.ts'
import { clearLeftover } from './leftover.ts'
import { choosePlace } from './place.ts'
import { runPostgres, stopPostgres } from './postmaster.ts'
import { forgetServer, noteServer, startingServer } from './server-note.ts'

export interface EmbeddedPostgresRequest {
  /** Made if it is not there; everything that PostgreSQL keeps is below it, or named in it. */
  directory: string
  log: Log
  /** Where root's PostgreSQL goes when its account cannot enter `directory`. */
  fallback?: string
  /** Server parameters beside the farm's own. */
  parameters?: Record<string, string | number>
  /** PostgreSQL ended by itself. By default this server is asked to end, too, in order: it can do nothing without. */
  onEnd?: () => void
}

export interface EmbeddedPostgres {
  url: string
  /** The postmaster's process number. */
  pid: number
  stop: () => Promise<void>
}

const endThisServer = (): void => {
  process.exitCode = 1 // a supervisor is to start us again
  process.kill(process.pid, 'SIGTERM')
}

/** The PostgreSQL that npm ships, as any user, with its data kept in `directory`. */
export const startEmbeddedPostgres = async (request: EmbeddedPostgresRequest): Promise<EmbeddedPostgres> => {
  const directory = resolve(request.directory)
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  const { fallback = '/var/lib/rumpfarm', parameters = {}, log, onEnd = endThisServer } = request
  const place = choosePlace({ directory, package: await findPostgres(), fallback })
  if (!place.data.startsWith(directory))
    log.info(`the database lies in ${place.data}: its account cannot enter ${directory}`)
  await clearLeftover(place.data, startingServer(directory), log)
  const password = initialise(place, join(directory, 'password'))

  const logFile = join(directory, 'postgres.log')
  const { child, port } = await runPostgres({ place, logFile, parameters })
  const pid = child.pid as number
  noteServer(directory, process.pid, pid)
  const watch = endWithUs({ target: pid, signal: 'INT', ...place.account })
  let stopping = false
  child.once('exit', code => {
    watch.kill('SIGKILL')
    if (stopping) return
    log.error(`PostgreSQL ended by itself (exit code ${code}); see ${logFile}`)
    onEnd()
  })
  return {
    url: `postgresql://${postgresUser}:${password}@127.0.0.1:${port}/postgres`,
    pid,
    stop: async () => {
      stopping = true
      await stopPostgres(child)
      forgetServer(directory)
    },
  }
}
