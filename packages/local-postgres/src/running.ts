import { findData } from './location.ts'
import { readPostmasterPidFile } from './postmaster-pid-file.ts'
import { commandOf, isAlive } from './process-table.ts'
import { type LocalPostgresRequest, usualFallback } from './request.ts'
import { databaseUrl } from './role.ts'

/** The address of the embedded PostgreSQL that a server of the farm runs now; undefined if none runs. */
export const findRunningPostgres = (
  request: Pick<LocalPostgresRequest, 'directory' | 'passwordFile' | 'fallback'>,
): string | undefined => {
  const data = findData(request.directory, request.fallback ?? usualFallback)
  const postmaster = data === undefined ? undefined : readPostmasterPidFile(data)
  const password = request.passwordFile.read()
  if (!postmaster || password === undefined) return undefined
  // The number in a file that a crash left can belong to another program now.
  if (!isAlive(postmaster.pid) || !commandOf(postmaster.pid).includes('postgres')) return undefined
  return databaseUrl(password, postmaster.socketDirectory)
}
