import { mkdtempSync, readlinkSync, rmdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Location, makeOwned } from './location.ts'

/** PostgreSQL calls its socket after the port that it would have. */
export const socketPort = 5432
const socketName = `.s.PGSQL.${socketPort}`

/** Bytes in a socket's path: 108 on Linux and 104 elsewhere, the final zero included (unix(7), BSD's sys/un.h). */
const pathBytesMax = process.platform === 'linux' ? 107 : 103

const fits = (directory: string): boolean => Buffer.byteLength(join(directory, socketName)) <= pathBytesMax

const beside = ({ data }: Location): string => `${data}-socket`

/**
 * Makes the directory in which PostgreSQL listens, again at each start: beside the data and for PostgreSQL's account alone. Where
 * that path is too long for a socket it is a link to a short one, in the directory for temporary files.
 */
export const makeSocketDirectory = (location: Location): string => {
  removeSocketDirectory(location)
  const near = beside(location)
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

/** Also what a start that was killed has left. */
export const removeSocketDirectory = (location: Location): void => {
  const near = beside(location)
  const far = linkedTo(near)
  empty(far ?? near)
  if (far !== undefined) rmSync(near)
}

// Only what is ours: after a reboot the name among the temporary files can be somebody else's.
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
    return undefined // a directory, or nothing
  }
}
