import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { cut, hideSecrets } from '@rumpfarm/contracts'

export interface GitCall {
  args: readonly string[]
  /** After so long the whole process group is killed. */
  seconds: number
  env: Record<string, string>
  cwd?: string
}

export type GitEnd = { kind: 'ok' } | { kind: 'failed'; message: string; exit: number | null }
export type GitText = { kind: 'ok'; stdout: Buffer } | { kind: 'failed'; message: string; exit: number | null }

export interface RunningGit {
  stdout: Readable
  /** Resolves when git has ended and its output was read; never rejects. */
  ended: Promise<GitEnd>
  kill: () => void
}

const messageBytesMax = 4000

/** Starts git in a process group of its own, so that its helpers (git-remote-https, ssh) end with it. */
export function startGit({ args, seconds, env, cwd }: GitCall): RunningGit {
  const child = spawn('git', args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let stderr = ''
  let late = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-messageBytesMax)
  })
  const kill = () => killGroup(child)
  const timer = setTimeout(() => {
    late = true
    kill()
  }, seconds * 1000)
  const ended = new Promise<GitEnd>(resolve => {
    const end = (exit: number | null, words: string) => {
      clearTimeout(timer)
      const message = late ? `no answer within ${seconds} s; ${words}`.replace(/; $/, '') : words
      resolve(exit === 0 ? { kind: 'ok' } : { kind: 'failed', message, exit })
    }
    child.on('error', error =>
      end(null, `git could not be started (${error.message}): is it installed on the farm's server?`),
    )
    child.on('close', (exit, signal) => end(exit, lastWords(stderr) || `git ended by ${signal ?? `exit ${exit}`}`))
  })
  return { stdout: child.stdout, ended, kill }
}

/** Ends the group of a child that we started detached, so that its pid is its group's; and only while it lives. */
function killGroup(child: ChildProcess): void {
  const { pid, exitCode, signalCode } = child
  child.stdout?.destroy()
  child.stderr?.destroy()
  if (pid === undefined || pid <= 1 || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // ESRCH: it ended in this very moment
  }
}

/** git's own last lines, on one line, without progress, hints and secrets. */
function lastWords(stderr: string): string {
  const lines = stderr.split(/\p{Cc}+/u).map(line => line.trim())
  const telling = lines.filter(
    line => line !== '' && !/^(hint:|remote: (Enumerating|Counting|Compressing|Total))|^\d+%/.test(line),
  )
  return cut(hideSecrets(telling.slice(-4).join('; ')), 1000)
}
