import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** PostgreSQL's own note about its running server: one fact a line. */
export interface PidFile {
  pid: number
  data: string
  port: number
  /** starting, ready, stopping … */
  status: string
}

const pathOf = (data: string): string => join(data, 'postmaster.pid')

export const readPidFile = (data: string): PidFile | undefined => {
  try {
    const [pid = '', directory = '', , port = '', , , , status = ''] = readFileSync(pathOf(data), 'utf8').split('\n')
    return { pid: Number(pid), data: directory, port: Number(port), status: status.trim() }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const ps = (pid: number, column: string): string =>
  spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? ''

const fromProc = (pid: number, file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined // no /proc here, or no such process
  }
}

export const commandOf = (pid: number): string =>
  fromProc(pid, 'cmdline')?.replaceAll('\0', ' ').trim() ?? ps(pid, 'args')

/** In stat the name in parentheses may hold anything; after its last one: state, parent. */
const statOf = (pid: number): string[] | undefined => {
  const stat = fromProc(pid, 'stat')
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

const stateOf = (pid: number): string => statOf(pid)?.[0] ?? ps(pid, 'stat')
export const parentOf = (pid: number): number => Number(statOf(pid)?.[1] ?? ps(pid, 'ppid'))

const signalArrives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A process that has ended but was not collected (a container's first process often does not) is not alive. */
export const isAlive = (pid: number): boolean =>
  Number.isInteger(pid) && pid > 1 && signalArrives(pid) && !stateOf(pid).startsWith('Z')

/**
 * The process with the noted number is another program: PostgreSQL would refuse to start because of it. A number that is its
 * own parent's it knows to be stale, and it still checks that no orphaned backend uses the old shared memory, which it could
 * not if the file were gone.
 */
export const disownPidFile = (data: string): void => {
  const [, ...rest] = readFileSync(pathOf(data), 'utf8').split('\n')
  writeFileSync(pathOf(data), [process.pid, ...rest].join('\n'))
}
