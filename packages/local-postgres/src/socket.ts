import { mkdtempSync, readlinkSync, rmdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Location, makeOwned } from './location.ts'

/** PostgreSQL names its socket after the port, even if it does not listen on TCP. */
export const socketPort = 5432
const socketName = `.s.PGSQL.${socketPort}`

/** A socket's path and its zero byte have at most 108 bytes on Linux and 104 elsewhere (unix(7), BSD's sys/un.h). */
const pathBytesMax = process.platform === 'linux' ? 107 : 103

const fits = (directory: string): boolean => Buffer.byteLength(join(directory, socketName)) <= pathBytesMax

const nearDirectory = ({ data }: Location): string => `${data}-socket`

/**
 * Creates the directory of PostgreSQL's socket at each start. The directory is beside the data and private to
 * PostgreSQL's account. If this path is too long for a socket, the directory is among the temporary files instead, and
 * the path beside the data is a link to it.
 */
export const createSocketDirectory = (location: Location): string => {
  removeSocketDirectory(location)
  const near = nearDirectory(location)
  if (fits(near)) {
    makeOwned(near, location.account)
    return near
  }
  const parent = fits(join(tmpdir(), 'rumpfarm-XXXXXX')) ? tmpdir() : '/tmp'
  const far = mkdtempSync(join(parent, 'rumpfarm-'))
  makeOwned(far, location.account)
  symlinkSync(far, near)
  return far
}

/** Removes the directory of the socket, even if a killed server left it. */
export const removeSocketDirectory = (location: Location): void => {
  const near = nearDirectory(location)
  const far = linkedTo(near)
  empty(far ?? near)
  if (far !== undefined) rmSync(near)
}

// Removes only PostgreSQL's files: after a reboot, a directory of this name among the temporary files can belong to
// another program.
const empty = (directory: string): void => {
  for (const file of [socketName, `${socketName}.lock`]) rmSync(join(directory, file), { force: true })
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

const linkedTo = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch {
    return undefined // the path is a directory or does not exist
  }
}
