import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** On what the figures were measured: they mean nothing without it. */
export const machine = () => ({
  cpus: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryMb: Math.round(totalmem() / 2 ** 20),
  system: `${systemName()}, ${platform()} ${release()} ${arch()}`,
  node: process.version,
})

const systemName = (): string => {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? platform()
  } catch {
    return platform()
  }
}

/** Over 1, 5 and 15 minutes: what else ran here. */
export const load = (): number[] => loadavg().map(value => Number(value.toFixed(2)))

/** The commit that was measured, and whether files differ from it. */
export function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
  try {
    return (
      git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' with changes')
    )
  } catch {
    return 'unknown: not a git repository'
  }
}
