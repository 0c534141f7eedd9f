import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Cksum } from '@rumpfarm/contracts'
import type { Git } from './git.ts'
import type { Mirror } from './mirror.ts'

export interface TarballContent {
  commit: string
  /** The directory that becomes the root of the tarball. By default, this is the root of the repository. */
  path?: string | undefined
  /** Paths below the root that the tarball does not contain. */
  leaveOut: readonly string[]
}

export interface Sums {
  bytes: number
  /** The CRC of POSIX cksum(1), decimal. */
  crc: string
  sha256: string
  md5: string
}

export type Archived = { kind: 'archived'; sums: Sums } | { kind: 'failed'; message: string }

/**
 * Writes a commit's files as a tar.gz without a leading directory. With the same git and zlib, the same commit gives
 * the same bytes, because every file has the commit's time and no user name.
 */
export async function writeArchive(git: Git, mirror: Mirror, content: TarballContent, file: string): Promise<Archived> {
  const sums = new Checksums()
  const tar = await git.stream(await archiveCall(git, mirror, content))
  const written = pipeline(
    tar.stdout,
    new WithoutGlobalHeader(),
    createGzip(gzipOptions),
    sums,
    createWriteStream(file, { mode: 0o644 }),
  )
  const [end, failure] = await Promise.all([tar.ended, written.then(() => undefined, asError)])
  // If the disk is full, git reports only a closed pipe. So this function reports the error of the disk first.
  if (failure && 'syscall' in failure) return { kind: 'failed', message: failure.message }
  if (end.kind === 'failed') return { kind: 'failed', message: end.message }
  if (failure) return { kind: 'failed', message: failure.message }
  return { kind: 'archived', sums: sums.result() }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

// For the 220 MB of src-netbsd on two shared cores, level 3 gives 48.8 MB in 3.7 s, level 4 gives 44.7 MB in 4.1 s, and
// level 6 gives 42.4 MB in 5.4 s.
const gzipOptions = { level: 4, chunkSize: 65_536 }

// An administrator's settings must not change a tarball.
const fixedSettings = ['-c', 'core.autocrlf=false', '-c', 'tar.umask=0022']

/**
 * To pack a subdirectory, git runs in an empty directory with the path of the subdirectory. `git archive COMMIT:path`
 * would give every file the current time instead of the commit's time, and git 2.39 has no --mtime.
 */
async function archiveCall(git: Git, { directory }: Mirror, { commit, path, leaveOut }: TarballContent) {
  const root = join(directory, 'roots')
  const cwd = join(root, path ?? '.')
  await mkdir(cwd, { recursive: true })
  const excludes = leaveOut.map(excluded => `:(top,exclude,literal)${excluded}`)
  return {
    args: [
      ...fixedSettings,
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
 * Removes git's pax header, because tar programs from before 2001 unpack this header as a file. The header contains
 * only the name of the commit, which the agent receives in another way. Format:
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar and pax headers)
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

/** git writes a global header of two blocks. The first block has the type and the size; the second has one record. */
function afterGlobalHeader(head: Buffer): Buffer {
  const isGlobal = head[156] === 'g'.charCodeAt(0)
  const size = Number.parseInt(head.toString('latin1', 124, 135), 8)
  return isGlobal && size <= blockBytes ? head.subarray(headBytes) : head
}

/** Computes the checksums while the tarball is written, so that the farm need not read the file again. */
export class Checksums extends Transform {
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
