// The file server.pid has the process ids of the server that started PostgreSQL last, and of the postmaster. A normal
// stop removes the file.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from './process-table.ts'

const pathOf = (directory: string): string => join(directory, 'server.pid')

interface ServerPids {
  server: number
  postmaster: number
}

/** Both process ids are 0 if the file does not exist. */
export const readServerPids = (directory: string): ServerPids => {
  try {
    const [server, postmaster] = readFileSync(pathOf(directory), 'utf8').split('\n')
    return { server: Number(server), postmaster: Number(postmaster) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { server: 0, postmaster: 0 }
    throw error
  }
}

export const writeServerPids = (directory: string, { server, postmaster }: ServerPids): void =>
  writeFileSync(pathOf(directory), `${server}\n${postmaster}\n`)

export const removeServerPids = (directory: string): void => rmSync(pathOf(directory), { force: true })

/** Waits until the PostgreSQL of this directory has ended, even if the server that started PostgreSQL was killed. */
export const waitForPostgresEnd = async (directory: string): Promise<void> => {
  const { postmaster } = readServerPids(directory)
  while (isAlive(postmaster)) await sleep(25) // there is no event, because the postmaster is not always a child
}
