import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * PostgreSQL's own file about its running server, one fact per line:
 * https://www.postgresql.org/docs/18/storage-file-layout.html (postmaster.pid).
 */
export interface PostmasterPidFile {
  pid: number
  data: string
  port: number
  /** starting, ready, stopping … */
  status: string
}

const pathOf = (data: string): string => join(data, 'postmaster.pid')

export const readPostmasterPidFile = (data: string): PostmasterPidFile | undefined => {
  try {
    const [pid = '', directory = '', , port = '', , , , status = ''] = readFileSync(pathOf(data), 'utf8').split('\n')
    return { pid: Number(pid), data: directory, port: Number(port), status: status.trim() }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Call this if another program has the process number in the file: PostgreSQL would refuse to start. This writes our own number,
 * and PostgreSQL ignores the number of its parent. Without the file PostgreSQL would start, too, but would not check that no
 * old backend still uses the shared memory.
 */
export const replacePostmasterPid = (data: string): void => {
  const [, ...rest] = readFileSync(pathOf(data), 'utf8').split('\n')
  writeFileSync(pathOf(data), [process.pid, ...rest].join('\n'))
}
