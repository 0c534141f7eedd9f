import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Cksum } from '@rumpfarm/contracts'
import type { Git } from './context.ts'
import type { Mirror } from './mirror.ts'

export interface TarballContent {
  commit: string
  /** The directory of the commit that becomes the tarball's root. */
  path?: string | undefined
  /** Paths below that root. */
  leaveOut: readonly string[]
}

export interface Sums {
  bytes: number
  /** POSIX cksum, decimal. */
  crc: string
  sha256: string
  md5: string
}

export type Archived = { kind: 'archived'; sums: Sums } | { kind: 'failed'; message: string }

/**
 * Writes a commit's files as a tar.gz whose entries have no directory before them. The same commit gives the same bytes
 * (with the same git and zlib): every time is the commit's, nobody's name is in it.
 */
export async function writeArchive(git: Git, mirror: Mirror, content: TarballContent, file: string): Promise<Archived> {
  const sums = new Summing()
  const tar = await git.stream(await archiveCall(git, mirror, content))
  const written = pipeline(
    tar.stdout,
    new WithoutGlobalHeader(),
    createGzip(gzipOptions),
    sums,
    createWriteStream(file, { mode: 0o644 }),
  )
  const [end, failure] = await Promise.all([tar.ended, written.then(() => undefined, asError)])
  // A full disk comes first: git then only says that nobody reads what it writes.
  if (failure && 'syscall' in failure) return { kind: 'failed', message: failure.message }
  if (end.kind === 'failed') return { kind: 'failed', message: end.message }
  if (failure) return { kind: 'failed', message: failure.message }
  return { kind: 'archived', sums: sums.result() }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

// src-netbsd's 220 MB, two shared cores: level 3 makes 48.8 MB in 3.7 s, level 4 44.7 MB in 4.1 s, level 6 42.4 MB in 5.4 s.
const gzipOptions = { level: 4, chunkSize: 65_536 }

// An administrator's own settings change nothing in a tarball.
const committedBytes = ['-c', 'core.autocrlf=false', '-c', 'tar.umask=0022']

/**
 * For a subdirectory git runs inside an empty directory of that name: `git archive COMMIT:path` would forget the
 * commit's time and put the present one on every file, and git 2.39 has no --mtime.
 */
async function archiveCall(git: Git, { directory }: Mirror, { commit, path, leaveOut }: TarballContent) {
  const root = join(directory, 'roots')
  const cwd = join(root, path ?? '.')
  await mkdir(cwd, { recursive: true })
  const excludes = leaveOut.map(left => `:(top,exclude,literal)${left}`)
  return {
    args: [
      ...committedBytes,
      'archive',
      '--format=tar',
      '--',
      commit,
      ...(excludes.length > 0 ? ['.', ...excludes] : []),
    ],
    seconds: git.limits.archiveSeconds,
    cwd,
    also: { GIT_DIR: directory, GIT_WORK_TREE: root },
  }
}

/**
 * Drops the pax header with the commit's name that git puts first: tars of before 2001 unpack it as a file. The agent is
 * told the commit anyway.
 */
export class WithoutGlobalHeader extends Transform {
  #head: Buffer | undefined = Buffer.alloc(0)

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#head) this.#gather(Buffer.concat([this.#head, piece]))
    else this.push(piece)
    done()
  }

  #gather(head: Buffer): void {
    const enough = head.length >= headBytes
    if (enough) this.push(afterGlobalHeader(head))
    this.#head = enough ? undefined : head
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#head)
  }
}

const blockBytes = 512
const headBytes = 2 * blockBytes

/** git's global header is one block, and its one record another. */
function afterGlobalHeader(head: Buffer): Buffer {
  const global = head[156] === 'g'.charCodeAt(0)
  const size = Number.parseInt(head.toString('latin1', 124, 135), 8)
  return global && size <= blockBytes ? head.subarray(headBytes) : head
}

/** Passes bytes on and counts their sums, so that the file need not be read again. */
class Summing extends Transform {
  readonly #crc = new Cksum()
  readonly #sha256 = createHash('sha256')
  readonly #md5 = createHash('md5')

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#crc.update(piece)
    this.#sha256.update(piece)
    this.#md5.update(piece)
    done(null, piece)
  }

  result(): Sums {
    const crc = String(this.#crc.digest())
    return { bytes: this.#crc.bytes, crc, sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex') }
  }
}
