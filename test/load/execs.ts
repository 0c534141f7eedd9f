import { existsSync, readFileSync } from 'node:fs'

/** Wraps a command in strace, which writes each started program to the file. With -D, the command keeps its pid. */
export const counted = (file: string, command: readonly string[]): string[] => [
  ...['strace', '-D', '-f', '-qq', '-ttt', '-e', 'trace=execve', '-e', 'signal=none', '-o', file],
  ...command,
]

export interface Exec {
  /** Seconds since the epoch. */
  at: number
  program: string
}

/** Every program that started. Failed searches along PATH do not count. */
export function execsIn(file: string): Exec[] {
  const begun = new Map<string, string>()
  return (existsSync(file) ? readFileSync(file, 'utf8') : '').split('\n').flatMap(line => {
    const [, pid = '', at = '', rest = ''] = /^(\d+) +([\d.]+) (.*)$/.exec(line) ?? []
    const path = /^execve\("([^"]+)"/.exec(rest)?.[1]
    if (path !== undefined) begun.set(pid, path)
    if (!/= 0$/.test(rest)) return []
    return [{ at: Number(at), program: begun.get(pid)?.split('/').at(-1) ?? '' }]
  })
}

export const between = (execs: readonly Exec[], from: number, to: number): Exec[] =>
  execs.filter(({ at }) => at >= from && at < to)

/** Writes a note for a figure, such as `curl 20, sleep 20, wc 40`. */
export function tally(execs: readonly Exec[], times: number): string {
  const counts = new Map<string, number>()
  for (const { program } of execs) counts.set(program, (counts.get(program) ?? 0) + 1)
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.map(([program, count]) => `${program} ${Number((count / times).toFixed(2))}`).join(', ')
}
