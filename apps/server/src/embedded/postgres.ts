import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findPostgres } from './binaries.ts'
import { initialise, postgresUser } from './initialise.ts'
import { clearLeftover } from './leftover.ts'
import { choosePlace } from './place.ts'
import { endWithParent, runPostgres, stopPostgres } from './postmaster.ts'

export interface EmbeddedPostgresRequest {
  /** Made if it is not there; everything that PostgreSQL keeps is below it, or named in it. */
  directory: string
  log: (line: string) => void
  /** Where root's PostgreSQL goes when its account cannot enter `directory`. */
  fallback?: string
  /** Server parameters beside the farm's own. */
  parameters?: Record<string, string | number>
  /** PostgreSQL ended by itself: the farm cannot go on. */
  onEnd?: (message: string) => void
}

export interface EmbeddedPostgres {
  url: string
  /** The postmaster's process number. */
  pid: number
  stop: () => Promise<void>
}

/** The process that started this data directory's PostgreSQL last. */
const lastServer = (file: string): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0)

/** The PostgreSQL that npm ships, as any user, with its data kept in `directory`. */
export const startEmbeddedPostgres = async (request: EmbeddedPostgresRequest): Promise<EmbeddedPostgres> => {
  const directory = resolve(request.directory)
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  const { fallback = '/var/lib/rumpfarm', parameters = {}, log, onEnd } = request
  const place = choosePlace({ directory, package: await findPostgres(), fallback })
  const serverFile = join(directory, 'server.pid')
  await clearLeftover(place.data, lastServer(serverFile), log)
  const password = initialise(place, join(directory, 'password'))
  writeFileSync(serverFile, `${process.pid}\n`)

  const logFile = join(directory, 'postgres.log')
  const { child, port } = await runPostgres({ place, logFile, parameters })
  const pid = child.pid as number
  const watch = endWithParent(pid, place.account)
  let stopping = false
  child.once('exit', code => {
    watch.kill('SIGKILL')
    if (!stopping) onEnd?.(`PostgreSQL ended by itself (exit code ${code}); see ${logFile}`)
  })
  return {
    url: `postgresql://${postgresUser}:${password}@127.0.0.1:${port}/postgres`,
    pid,
    stop: () => {
      stopping = true
      return stopPostgres(child)
    },
  }
}
