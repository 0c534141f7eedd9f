import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from './log-file.ts'
import { commandOf, disownPidFile, isAlive, parentOf, readPidFile } from './pidfile.ts'

/** The longest that an orderly end may take: PostgreSQL writes its checkpoint. */
const stopMillisecondsMax = 20_000

const waitUntilGone = async (pid: number, milliseconds: number): Promise<boolean> => {
  const end = Date.now() + milliseconds
  while (isAlive(pid)) {
    if (Date.now() > end) return false
    await sleep(25) // not our child: nothing announces its end
  }
  return true
}

const stopOrphan = async (pid: number, log: Log): Promise<void> => {
  log.info(`a PostgreSQL of an earlier start is still running (process ${pid}): stopping it`)
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    process.kill(pid, signal) // fast, immediate, none too soon
    if (await waitUntilGone(pid, stopMillisecondsMax)) return
  }
  throw new Error(`the PostgreSQL of an earlier start (process ${pid}) does not end: end it by hand, then start again`)
}

const inUseText = (data: string, server: number): string =>
  `another Rumpfarm server (process ${server}) is using ${data}: stop that one, or give this one its own RUMPFARM_DATA`

/** Whether that process is a postmaster, and not something that got its number after a reboot. */
const isPostgres = (pid: number): boolean => /postgres/.test(commandOf(pid))

/**
 * What an earlier start left running on this data directory. `server` is the process that started it: while that one lives and
 * is still its parent the database is in use; otherwise the server was killed, and its PostgreSQL is an orphan.
 */
export const clearLeftover = async (data: string, server: number, log: Log): Promise<void> => {
  const noted = readPidFile(data)
  if (!noted) return
  if (!isAlive(noted.pid) || !isPostgres(noted.pid)) return disownPidFile(data)
  if (server > 1 && parentOf(noted.pid) === server) throw new Error(inUseText(data, server))
  await stopOrphan(noted.pid, log)
}
