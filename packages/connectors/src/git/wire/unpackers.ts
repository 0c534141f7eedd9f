import type { GitRunner } from '../git-runner.ts'
import type { RunningGit } from '../run.ts'

/** As in git (fetch.unpackLimit): git stores a larger pack as one file. */
const looseObjectsMax = 100
const headBytes = 12

const processesMax = 8
const idleMs = 600_000

/**
 * Processes that wait for the objects of a fetch. One process for each mirror that was fetched lately already runs
 * before the objects arrive, so that a push does not wait for its start.
 */
export class Unpackers {
  readonly #git: GitRunner
  readonly #waiting = new Map<string, { git: Promise<RunningGit>; timer: NodeJS.Timeout }>()

  constructor(git: GitRunner) {
    this.#git = git
  }

  /** Stores a pack in the mirror. Throws an error with git's message if git refuses the pack. */
  async unpack(directory: string, pack: AsyncIterable<Buffer>): Promise<void> {
    const pieces = pack[Symbol.asyncIterator]()
    const pieceAfter = async (start: Buffer): Promise<Buffer> => {
      const { value, done } = await pieces.next()
      return done ? start : Buffer.concat([start, value])
    }
    let start: Buffer = Buffer.alloc(0)
    for (let before = -1; start.length < headBytes && before !== start.length; ) {
      before = start.length
      start = await pieceAfter(start)
    }
    const isSmall = start.length >= headBytes && start.readUInt32BE(8) <= looseObjectsMax
    const git = await (isSmall
      ? this.#take(directory)
      : this.#start(directory, ['index-pack', '--stdin', '--fix-thin']))
    git.stdout.resume()
    await feed(git, start, pieces)
    const end = await git.ended
    if (end.kind === 'failed') throw new Error(end.message)
  }

  /** Starts a process for the next fetch of this mirror. */
  prepare(directory: string): void {
    if (this.#waiting.has(directory)) return
    if (this.#waiting.size >= processesMax) this.#close(this.#waiting.keys().next().value ?? '')
    const timer = setTimeout(() => this.#close(directory), idleMs).unref()
    const git = this.#start(directory, ['unpack-objects', '-q'])
    this.#waiting.set(directory, { git, timer })
    git.then(
      ({ ended }) => ended.then(() => this.#waiting.get(directory)?.git === git && this.#waiting.delete(directory)),
      () => this.#waiting.delete(directory),
    )
  }

  /** Ends the process of a mirror, for example because the mirror was created again. */
  close(directory: string): void {
    this.#close(directory)
  }

  #close(directory: string): void {
    const waiting = this.#waiting.get(directory)
    if (!waiting) return
    this.#waiting.delete(directory)
    clearTimeout(waiting.timer)
    waiting.git.then(
      git => git.kill(),
      () => undefined,
    )
  }

  #take(directory: string): Promise<RunningGit> {
    const waiting = this.#waiting.get(directory)
    if (!waiting) return this.#start(directory, ['unpack-objects', '-q'])
    this.#waiting.delete(directory)
    clearTimeout(waiting.timer)
    return waiting.git
  }

  #start(directory: string, args: string[]): Promise<RunningGit> {
    return this.#git.stream({ args, seconds: undefined, input: true, cwd: directory, also: { GIT_DIR: directory } })
  }
}

async function feed(git: RunningGit, start: Buffer, pieces: AsyncIterator<Buffer>): Promise<void> {
  const { stdin } = git
  try {
    stdin?.write(start)
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
      if (stdin?.destroyed) return // git has ended, and `ended` says why
      if (stdin?.write(next.value) === false) await new Promise<void>(resolve => drained(git, resolve))
    }
    stdin?.end()
  } catch (error) {
    git.kill()
    throw error
  }
}

function drained({ stdin, ended }: RunningGit, resolve: () => void): void {
  stdin?.once('drain', resolve)
  ended.then(resolve)
}
