// Facts about any process of this machine: from /proc, or from ps(1) where there is no /proc.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

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

/** The fields of /proc/PID/stat from the state on: state, parent … The name before them can contain any character, also ")". */
const statOf = (pid: number): string[] | undefined => {
  const stat = fromProc(pid, 'stat')
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

const stateOf = (pid: number): string => statOf(pid)?.[0] ?? ps(pid, 'stat')
export const parentOf = (pid: number): number => Number(statOf(pid)?.[1] ?? ps(pid, 'ppid'))

const exists = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A zombie is not alive. It can stay for long: the first process of a container often does not collect its children. */
export const isAlive = (pid: number): boolean =>
  Number.isInteger(pid) && pid > 1 && exists(pid) && !stateOf(pid).startsWith('Z')
