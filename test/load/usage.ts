import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

// Linux reports times in hundredths of a second (USER_HZ), independent of the frequency of the kernel's clock.
const tickMs = 10

interface Stat {
  parent: number
  cpuMs: number
  /** CPU time of the ended children of the process. */
  endedMs: number
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the command is in parentheses and may contain blanks. Field 3 follows the last parenthesis.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const ticks = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) * tickMs
    return { parent: Number(fields[1]), cpuMs: ticks(11), endedMs: ticks(13) }
  } catch {
    return undefined // the process has ended
  }
}

/** The CPU milliseconds of a process, user and system, without its children. */
export const cpuMs = (pid: number): number => readStat(pid)?.cpuMs ?? 0

/** The CPU milliseconds of a process and its running and ended children, such as a postmaster and its backends. */
export function familyCpuMs(pid: number): number {
  const own = readStat(pid)
  const others = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => readStat(Number(name)))
  const children = others.filter(stat => stat?.parent === pid)
  return children.reduce((sum, stat) => sum + (stat?.cpuMs ?? 0), (own?.cpuMs ?? 0) + (own?.endedMs ?? 0))
}

/** Resident memory, in megabytes. */
export function residentMb(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes ?? 0) / 1024
  } catch {
    return 0 // the process has ended
  }
}

/** The own memory of a process plus its share of the shared memory. The sum over all processes is the memory in use. */
export function proportionalMb(pid: number): number {
  try {
    const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
    return Number(kilobytes) / 1024
  } catch {
    return 0 // the process has ended
  }
}

/** The running descendants of a process. */
export function familyOf(pid: number): number[] {
  const stats = readdirSync('/proc').flatMap(name =>
    /^\d+$/.test(name) ? [[Number(name), readStat(Number(name))] as const] : [],
  )
  const below = (parent: number): number[] =>
    stats.flatMap(([child, stat]) => (stat?.parent === parent ? [child, ...below(child)] : []))
  return below(pid)
}

export const openDescriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

/** Waits until a process was idle for some time, which shows that it has finished its work. */
export async function untilQuiet(pid: number, { spanMs = 300, cpuMsMax = 20 } = {}): Promise<void> {
  for (;;) {
    const before = cpuMs(pid)
    await sleep(spanMs)
    if (cpuMs(pid) - before <= cpuMsMax) return
  }
}

/** The maximum of a value while `work` runs, measured every `everyMs`. */
export async function peak<T>(
  look: () => number,
  work: () => Promise<T>,
  everyMs = 100,
): Promise<{ peak: number; result: T }> {
  let most = look()
  const timer = setInterval(() => {
    most = Math.max(most, look())
  }, everyMs)
  try {
    return { result: await work(), peak: Math.max(most, look()) }
  } finally {
    clearInterval(timer)
  }
}
