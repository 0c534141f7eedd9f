import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The file that PostgreSQL writes about its running server, with one fact per line:
 * https://www.postgresql.org/docs/18/storage-file-layout.html (postmaster.pid).
 */
export interface PostmasterPidFile {
  pid: number
  data: string
  port: number
  socketDirectory: string
  /** For example starting, ready or stopping. */
  status: string
}

const pathOf = (data: string): string => join(data, 'postmaster.pid')

export const readPostmasterPidFile = (data: string): PostmasterPidFile | undefined => {
  try {
    const [pid = '', directory = '', , port = '', socketDirectory = '', , , status = ''] = readFileSync(
      pathOf(data),
      'utf8',
    ).split('\n')
    return { pid: Number(pid), data: directory, port: Number(port), socketDirectory, status: status.trim() }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Writes the process id of this process into the file. Call this function if the process id in the file now belongs to
 * another program. Otherwise PostgreSQL would refuse to start. PostgreSQL ignores the process id of its parent, which
 * is this process. Do not delete the file instead, because PostgreSQL would then not check whether an old backend still
 * uses the shared memory.
 */
export const replacePostmasterPid = (data: string): void => {
  const [, ...rest] = readFileSync(pathOf(data), 'utf8').split('\n')
  writeFileSync(pathOf(data), [process.pid, ...rest].join('\n'))
}
