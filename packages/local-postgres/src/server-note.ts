import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Which process started this directory's PostgreSQL last, and that one's number. It goes with an orderly end.
const pathOf = (directory: string): string => join(directory, 'server.pid')

const readLine = (directory: string, line: number): number => {
  try {
    return Number(readFileSync(pathOf(directory), 'utf8').split('\n')[line])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** 0: none noted. */
export const startingServer = (directory: string): number => readLine(directory, 0)
export const startedPostgres = (directory: string): number => readLine(directory, 1)

export const noteServer = (directory: string, server: number, postgres: number): void =>
  writeFileSync(pathOf(directory), `${server}\n${postgres}\n`)

export const forgetServer = (directory: string): void => rmSync(pathOf(directory), { force: true })
