import { setTimeout as sleep } from 'node:timers/promises'
import { readPostmasterPidFile, replacePostmasterPid } from './postmaster-pid-file.ts'
import { commandOf, isAlive, parentOf } from './process-table.ts'
import type { Log } from './request.ts'

/** The time limit after each signal. PostgreSQL writes a checkpoint before it ends. */
const stopMillisecondsMax = 20_000

const waitUntilEnded = async (pid: number, milliseconds: number): Promise<boolean> => {
  const end = Date.now() + milliseconds
  while (isAlive(pid)) {
    if (Date.now() > end) return false
    await sleep(25) // there is no event, because the process is not a child
  }
  return true
}

const stopOrphan = async (pid: number, log: Log): Promise<void> => {
  log.info(`a PostgreSQL of an earlier start still runs (process ${pid}): stopping it`)
  // Tries fast shutdown, immediate shutdown, then kill: https://www.postgresql.org/docs/18/server-shutdown.html
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    process.kill(pid, signal)
    if (await waitUntilEnded(pid, stopMillisecondsMax)) return
  }
  throw new Error(`the PostgreSQL of an earlier start (process ${pid}) does not end: kill it, then start again`)
}

const inUseText = (data: string, server: number): string =>
  `another Rumpfarm server (process ${server}) is using ${data}: stop it, or give this one its own RUMPFARM_DATA`

/** After a reboot, another program can have the process id of an old postmaster. */
const isPostgres = (pid: number): boolean => /postgres/.test(commandOf(pid))

/**
 * Stops the PostgreSQL of a killed server. `server` is the process that started PostgreSQL last. Throws if this server
 * still runs, because it then uses the database.
 */
export const stopLeftover = async (data: string, server: number, log: Log): Promise<void> => {
  const noted = readPostmasterPidFile(data)
  if (!noted) return
  if (!isAlive(noted.pid) || !isPostgres(noted.pid)) return replacePostmasterPid(data)
  if (server > 1 && parentOf(noted.pid) === server) throw new Error(inUseText(data, server))
  await stopOrphan(noted.pid, log)
}
