// The names in a commit. A program can write trees that git itself would not write: such a file could leave the directory
// in which a host unpacks it, or replace another file.
import { TarReader } from '../uploads/tar-reader.ts'
import { TarError } from './tar-stream.ts'

/** Checks the paths of a commit, in the order of the archive: a directory before its files. */
export class EntryNames {
  /** Whether each path is a directory. */
  readonly #seen = new Map<string, boolean>()

  /** A directory ends with a slash. Throws TarError with the path. */
  add(path: Buffer): void {
    const text = path.toString('latin1').replace(/\/$/, '')
    const slash = text.lastIndexOf('/')
    if (slash >= 0 && this.#seen.get(text.slice(0, slash)) !== true)
      throw new TarError(`the name of a file in the commit has a slash: ${shown(path)}: correct the commit`)
    if (this.#seen.has(text))
      throw new TarError(`the commit has two files with the same path: ${shown(path)}: correct the commit`)
    this.#seen.set(text, path.at(-1) === 0x2f)
  }
}

const shown = (path: Buffer): string => JSON.stringify(path.toString())

/**
 * Whether `git archive` must decide about the name of a file, because the name may be a form of `.`, `..` or `.git`. On
 * Windows and macOS, many names mean `.git`: git knows all of them.
 */
export const isForGitToJudge = (name: Buffer): boolean =>
  /^($|\.\.?$|\/|git~|\.git($|[^a-z]))/i.test(name.toString('latin1').replace(/[\x80-\xff]/g, ''))

/** Passes on the tar file that `git archive` writes. Throws TarError for a wrong name. */
export async function* withCheckedNames(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const names = new EntryNames()
  const reader = new TarReader(({ name }) => {
    names.add(Buffer.from(name, 'latin1'))
    return false
  })
  reader.on('error', () => {}) // the callback of each write has it too
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    await new Promise<void>((resolve, reject) => reader.write(bytes, error => (error ? reject(error) : resolve())))
    yield bytes
  }
}
