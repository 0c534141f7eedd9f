// Facts about the processes of this machine, from /proc or, on systems without /proc, from ps(1).
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const ps = (pid: number, column: string): string =>
  spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? ''

const fromProc = (pid: number, file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined // this system has no /proc, or the process does not exist
  }
}

export const commandOf = (pid: number): string =>
  fromProc(pid, 'cmdline')?.replaceAll('\0', ' ').trim() ?? ps(pid, 'args')

/** The fields of /proc/PID/stat after the name: state, parent … The name can contain any character, even ")". */
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

/**
 * A zombie is not alive. A zombie can exist for long, because the first process of a container often does not
 * collect its children.
 */
export const isAlive = (pid: number): boolean =>
  Number.isInteger(pid) && pid > 1 && exists(pid) && !stateOf(pid).startsWith('Z')
