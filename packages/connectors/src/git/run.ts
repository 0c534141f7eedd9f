import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { cut, hideSecrets } from '@rumpfarm/contracts'

export interface GitCall {
  /** By default git. The farm reads repositories of other systems with their own programs. */
  program?: 'git' | 'hg' | 'cvs'
  args: readonly string[]
  /** The time limit. When it is reached, the farm kills the whole process group. Undefined: no limit. */
  seconds: number | undefined
  env: Record<string, string>
  cwd?: string
  /** Whether git reads from the farm. Otherwise git's standard input is empty. */
  input?: boolean
}

export type GitEnd = { kind: 'ok' } | { kind: 'failed'; message: string; exit: number | null }
export type GitText = { kind: 'ok'; stdout: Buffer } | { kind: 'failed'; message: string; exit: number | null }

export interface RunningGit {
  stdout: Readable
  /** Only with `input`. Its errors are ignored, because `ended` reports why git ended. */
  stdin: Writable | null
  /** Resolves when git has ended and its output was read. Never rejects. */
  ended: Promise<GitEnd>
  kill: () => void
}

const messageBytesMax = 4000
const packages = { git: 'git', hg: 'mercurial', cvs: 'cvs' }

/** Starts git in its own process group, so that git's helpers (git-remote-https, ssh) end together with git. */
export function startGit({ program = 'git', args, seconds, env, cwd, input = false }: GitCall): RunningGit {
  const child = spawn(program, args, { env, cwd, stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'], detached: true })
  child.stdin?.on('error', () => undefined)
  let stderr = ''
  let timedOut = false
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-messageBytesMax)
  })
  const kill = () => killGroup(child)
  const timer =
    seconds === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          kill()
        }, seconds * 1000)
  const ended = new Promise<GitEnd>(resolve => {
    const end = (exit: number | null, output: string) => {
      clearTimeout(timer)
      const message = timedOut ? `no answer within ${seconds} s; ${output}`.replace(/; $/, '') : output
      resolve(exit === 0 ? { kind: 'ok' } : { kind: 'failed', message, exit })
    }
    child.on('error', error =>
      end(
        null,
        `${program} does not start (${error.message}): install the package ${packages[program]} on the farm's server`,
      ),
    )
    child.on('close', (exit, signal) =>
      end(exit, lastLines(stderr) || `${program} ended with ${signal ?? `exit code ${exit}`}`),
    )
  })
  return { stdout: child.stdout as Readable, stdin: child.stdin, ended, kill }
}

/**
 * Kills the process group of a running child. A detached child leads its group, so the child and the group have the
 * same number.
 */
function killGroup(child: ChildProcess): void {
  const { pid, exitCode, signalCode } = child
  child.stdout?.destroy()
  child.stderr?.destroy()
  if (pid === undefined || pid <= 1 || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // ESRCH: the group has just ended
  }
}

/** The last lines of git's messages as one line, without progress, hints and secrets. */
function lastLines(stderr: string): string {
  const lines = stderr.split(/\p{Cc}+/u).map(line => line.trim())
  const messages = lines.filter(
    line => line !== '' && !/^(hint:|remote: (Enumerating|Counting|Compressing|Total))|^\d+%/.test(line),
  )
  return cut(hideSecrets(messages.slice(-4).join('; ')), 1000)
}
