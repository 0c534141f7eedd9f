import type { GitRunner } from './git-runner.ts'
import type { RunningGit } from './run.ts'

export interface ObjectInfo {
  type: string
  /** In bytes. */
  size: number
}

export interface GitObject extends ObjectInfo {
  content: Buffer
}

/** Thrown when the process ended or did not answer. The caller uses another way to read the mirror. */
export class ReaderClosed extends Error {}

interface Request {
  /** Whether the answer has the content of the object. */
  withContent: boolean
  resolve: (object: GitObject | undefined) => void
  reject: (error: Error) => void
}

const answerSeconds = 10
/** An object with more bytes ends the process: the caller must ask for the size first. */
const objectBytesMax = 32_000_000

/**
 * Reads objects of a mirror with one git process that stays alive (git cat-file --batch-command, since git 2.36),
 * because the start of a process takes 3 to 6 ms. The process finds objects that arrive after its start.
 */
export class ObjectReader {
  readonly #git: RunningGit
  readonly #waiting: Request[] = []
  #pieces: Buffer[] = []
  #bytes = 0
  /** How many bytes must be here before the next answer can be read. */
  #needed = 1
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  static async open(git: GitRunner, directory: string): Promise<ObjectReader> {
    const args = ['cat-file', '--batch-command']
    return new ObjectReader(
      await git.stream({ args, seconds: undefined, input: true, cwd: directory, also: { GIT_DIR: directory } }),
    )
  }

  private constructor(git: RunningGit) {
    this.#git = git
    git.stdout.on('data', (piece: Buffer) => this.#receive(piece))
    git.ended.then(() => this.close())
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0
  }

  /** The type and size of an object; undefined if the mirror does not have the object. */
  info(name: string): Promise<ObjectInfo | undefined> {
    return this.#ask('info', name)
  }

  /** An object; undefined if the mirror does not have it. `name` is a full hash without spaces or newlines. */
  read(name: string): Promise<GitObject | undefined> {
    return this.#ask('contents', name)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#git.kill()
    for (const { reject } of this.#waiting.splice(0)) reject(new ReaderClosed('git cat-file has ended'))
  }

  #ask(command: 'info' | 'contents', name: string): Promise<GitObject | undefined> {
    if (this.#isClosed) return Promise.reject(new ReaderClosed('git cat-file has ended'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ withContent: command === 'contents', resolve, reject })
      if (this.#waiting.length === 1) this.#restartTimer()
      this.#git.stdin?.write(`${command} ${name}\n`)
    })
  }

  #restartTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = this.isIdle ? undefined : setTimeout(() => this.close(), answerSeconds * 1000)
  }

  #receive(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes < this.#needed) return
    const buffer = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces)
    const used = this.#answerAll(buffer)
    this.#pieces = used === buffer.length ? [] : [buffer.subarray(used)]
    this.#bytes = buffer.length - used
    if (used > 0) this.#restartTimer()
  }

  /** Answers the requests whose answers are complete. Returns the number of bytes of these answers. */
  #answerAll(buffer: Buffer): number {
    let at = 0
    for (;;) {
      const request = this.#waiting[0]
      const end = buffer.indexOf(10, at)
      this.#needed = buffer.length - at + 1
      if (!request || end < 0) return at
      const [, type, size] = /^\S+ (commit|tree|blob|tag) (\d+)$/.exec(buffer.toString('latin1', at, end)) ?? []
      const info = type === undefined ? undefined : { type, size: Number(size) }
      let next = end + 1
      if (info && request.withContent) {
        if (info.size > objectBytesMax) {
          this.close()
          return buffer.length
        }
        next += info.size + 1
        this.#needed = next - at
        if (next > buffer.length) return at
      }
      this.#waiting.shift()
      request.resolve(info && { ...info, content: buffer.subarray(end + 1, Math.max(end + 1, next - 1)) })
      at = next
    }
  }
}
