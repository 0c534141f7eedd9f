import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describeExit, endWithParent } from '@rumpfarm/child-process'
import { findPostgres } from './binaries.ts'
import { initialise } from './initialise.ts'
import { chooseLocation } from './location.ts'
import { runPostgres, stopPostgres } from './postmaster.ts'
import { type LocalPostgres, type LocalPostgresRequest, usualFallback } from './request.ts'
import { databaseUrl } from './role.ts'
import { readServerPids, removeServerPids, writeServerPids } from './server-pid-file.ts'
import { createSocketDirectory, removeSocketDirectory } from './socket.ts'
import { stopLeftover } from './stop-leftover.ts'

const endThisServer = (): void => {
  process.exitCode = 1 // with this exit code, a supervisor starts the server again
  process.kill(process.pid, 'SIGTERM')
}

/**
 * Starts the PostgreSQL that npm installed. Any user can do this. PostgreSQL keeps its data in `directory`, listens on
 * a private socket and not on TCP, and ends with this process. Throws if another server uses the directory or if
 * PostgreSQL does not start.
 */
export const startLocalPostgres = async (request: LocalPostgresRequest): Promise<LocalPostgres> => {
  const directory = resolve(request.directory)
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  const {
    passwordFile,
    fallback = usualFallback,
    parameters = {},
    createDatabases = false,
    log,
    onEnd = endThisServer,
  } = request
  const location = chooseLocation({ directory, package: await findPostgres(), fallback })
  if (!location.data.startsWith(directory))
    log.info(`the database is in ${location.data}, because PostgreSQL's user cannot enter ${directory}`)
  await stopLeftover(location.data, readServerPids(directory).server, log)
  const password = initialise({ location, passwordFile, createDatabases })

  const socketDirectory = createSocketDirectory(location)
  const logFile = join(directory, 'postgres.log')
  const child = await runPostgres({ location, socketDirectory, logFile, parameters })
  const pid = child.pid as number
  writeServerPids(directory, { server: process.pid, postmaster: pid })
  const watcher = endWithParent({ target: pid, signal: 'INT', ...location.account })
  let stopping = false
  child.once('exit', () => {
    watcher.kill('SIGKILL')
    if (stopping) return
    log.error(`PostgreSQL ended by itself (${describeExit(child)}); see ${logFile}`)
    onEnd()
  })
  return {
    url: databaseUrl(password, socketDirectory),
    pid,
    stop: async () => {
      stopping = true
      await stopPostgres(child)
      removeSocketDirectory(location)
      removeServerPids(directory)
    },
  }
}
