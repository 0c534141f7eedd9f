import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The address that a running server has written into its data directory. */
export interface AddressNote {
  url: string
  pid: number
}

export const noteFile = (dataDirectory: string): string => join(dataDirectory, 'server.json')

/** Returns undefined if there is no note, or if the note is damaged. */
export function readNote(dataDirectory: string): AddressNote | undefined {
  try {
    const { url, pid } = JSON.parse(readFileSync(noteFile(dataDirectory), 'utf8')) as Partial<AddressNote>
    if (!/^https?:$/.test(new URL(String(url)).protocol) || !Number.isInteger(pid)) return undefined
    return { url: String(url), pid: Number(pid) }
  } catch {
    return undefined
  }
}

/** If a process with this number exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // the process runs as another user
  }
}
