import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { listenStill } from '../../apps/agent/spec/support/ports.ts'
import { endWithParent, exitWithin, hasExited } from '../../packages/child-process/src/index.ts'
import { patienceMs } from './waiting.ts'

const linesKept = 5_000

/** A process of a test, and its output lines. The process ends with the test run, even after a SIGKILL of the run. */
export class Program {
  readonly lines: string[] = []
  readonly child: ChildProcess
  readonly #name: string
  readonly #waiting = new Set<() => void>()

  constructor(command: readonly string[], environment: Record<string, string>, directory: string) {
    const [name = '', ...words] = command
    this.#name = name
    this.child = spawn(name, words, { cwd: directory, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.on('error', error => this.#hear(String(error)))
    for (const stream of [this.child.stdout, this.child.stderr])
      if (stream) createInterface({ input: stream }).on('line', line => this.#hear(line))
    this.child.once('close', () => this.#look())
    if (this.child.pid !== undefined) watchOver(this.child, this.child.pid)
  }

  get running(): boolean {
    return !hasExited(this.child)
  }

  /** The first value that `pick` returns for a line, from line `after` on. */
  async line<T>(what: string, pick: (line: string) => T | undefined, after = 0, milliseconds = patienceMs): Promise<T> {
    const until = AbortSignal.timeout(milliseconds)
    for (let at = after; ; at++) {
      while (at >= this.lines.length) await this.#nextLine(what, until)
      const picked = pick(this.lines[at] ?? '')
      if (picked !== undefined) return picked
    }
  }

  /** Sends TERM, and KILL if the process does not end. Returns false after a KILL. */
  async stop(milliseconds = patienceMs): Promise<boolean> {
    this.child.kill('SIGTERM')
    if (await exitWithin(this.child, milliseconds)) return true
    await this.kill9()
    return false
  }

  async kill9(): Promise<void> {
    const closed = hasExited(this.child) ? undefined : once(this.child, 'close')
    this.child.kill('SIGKILL')
    await closed
  }

  #hear(line: string): void {
    if (this.lines.length < linesKept) this.lines.push(line)
    this.#look()
  }

  #look(): void {
    for (const look of [...this.#waiting]) look()
  }

  async #nextLine(what: string, until: AbortSignal): Promise<void> {
    if (!this.running || until.aborted) {
      const why = this.running ? 'in vain' : `but it ended (${this.child.signalCode ?? this.child.exitCode})`
      throw new Error(
        `waited for ${this.#name} to say ${what}, ${why}; its last words:\n${this.lines.slice(-20).join('\n')}`,
      )
    }
    await new Promise<void>(resolve => {
      const look = () => {
        this.#waiting.delete(look)
        until.removeEventListener('abort', look)
        resolve()
      }
      this.#waiting.add(look)
      until.addEventListener('abort', look)
    })
  }
}

const watchOver = (child: ChildProcess, pid: number): void => {
  const watcher = endWithParent({ target: pid, signal: 'TERM' })
  child.once('exit', () => watcher.kill('SIGKILL'))
}

/** A port that no process uses now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenStill(server)
  server.close()
  await once(server, 'close')
  return port
}
