import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGzip, gzip, type ZlibOptions } from 'node:zlib'
import { Cksum } from '@rumpfarm/contracts'
import { withCheckedNames } from './entry-names.ts'
import type { Git } from './git.ts'
import type { Mirror } from './mirror.ts'
import type { Problem } from './remote-answers.ts'
import { packSmall } from './small-archive.ts'
import { TarError } from './tar-stream.ts'
import type { TarballContent } from './tarball-content.ts'

export type { TarballContent } from './tarball-content.ts'

export interface Sums {
  bytes: number
  /** The CRC of POSIX cksum(1), decimal. */
  crc: string
  sha256: string
  md5: string
}

export type Archived =
  | { kind: 'archived'; sums: Sums }
  /** `problem` is present if the repository did not give the commit. */
  | { kind: 'failed'; message: string; problem?: Problem }

/**
 * Writes a commit's files as a tar.gz without a leading directory. With the same git and zlib, the same commit gives
 * the same bytes, because every file has the commit's time and no user name.
 */
export async function writeArchive(git: Git, mirror: Mirror, content: TarballContent, file: string): Promise<Archived> {
  try {
    const small = await packSmall(await git.readers.of(mirror.directory), content)
    return await (small ? writeSmall(small, file) : writeLarge(git, mirror, content, file))
  } catch (error) {
    if (error instanceof TarError) return { kind: 'failed', message: error.message }
    throw error
  }
}

async function writeSmall(tar: Buffer, file: string): Promise<Archived> {
  const bytes = await gzipAll(tar, gzipOptions)
  const sums = new Checksums()
  sums.update(bytes)
  try {
    await writeFile(file, bytes, { mode: 0o644 })
  } catch (error) {
    return { kind: 'failed', message: asError(error).message }
  }
  return { kind: 'archived', sums: sums.result() }
}

/** Packs a commit with `git archive`. Small commits do not need it. */
export async function writeLarge(git: Git, mirror: Mirror, content: TarballContent, file: string): Promise<Archived> {
  const sums = new Checksums()
  const tar = await git.stream(await archiveCall(git, mirror, content))
  const written = pipeline(
    tar.stdout,
    new WithoutGlobalHeader(),
    withCheckedNames,
    createGzip(gzipOptions),
    sums,
    createWriteStream(file, { mode: 0o644 }),
  )
  const [end, failure] = await Promise.all([tar.ended, written.then(() => undefined, asError)])
  // If the disk is full, git reports only a closed pipe. So this function reports the error of the disk first.
  if (failure && ('syscall' in failure || failure instanceof TarError))
    return { kind: 'failed', message: failure.message }
  if (end.kind === 'failed') return { kind: 'failed', message: end.message }
  if (failure) return { kind: 'failed', message: failure.message }
  return { kind: 'archived', sums: sums.result() }
}

/** The tar file of a commit, not compressed. Throws TarError with git's message. */
export async function* tarOf(git: Git, mirror: Mirror, content: TarballContent): AsyncGenerator<Buffer> {
  const small = await packSmall(await git.readers.of(mirror.directory), content)
  if (small) return yield small
  const tar = await git.stream(await archiveCall(git, mirror, content))
  try {
    for await (const piece of withCheckedNames(tar.stdout)) yield piece
    const end = await tar.ended
    if (end.kind === 'failed') throw new TarError(end.message)
  } finally {
    tar.kill()
  }
}

/** Compresses a tar file into `file`. The generator may throw TarError. */
export async function writeTarball(tar: AsyncIterable<Buffer>, file: string): Promise<Archived> {
  const sums = new Checksums()
  try {
    await pipeline(Readable.from(tar), createGzip(gzipOptions), sums, createWriteStream(file, { mode: 0o644 }))
    return { kind: 'archived', sums: sums.result() }
  } catch (error) {
    const failed = expectedFailure(error)
    if (failed) return failed
    throw error
  }
}

/** Errors of the disk and of damaged files. Any other error is a defect. */
export function expectedFailure(error: unknown): { kind: 'failed'; message: string } | undefined {
  if (error instanceof TarError || (error instanceof Error && 'syscall' in error))
    return { kind: 'failed', message: error.message }
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
    return { kind: 'failed', message: `the compressed file is damaged (${error.message})` }
  return undefined
}

const gzipAll = promisify<Buffer, ZlibOptions, Buffer>(gzip)

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
    this.update(piece)
    done(null, piece)
  }

  update(piece: Buffer): void {
    this.#crc.update(piece)
    this.#sha256.update(piece)
    this.#md5.update(piece)
  }

  result(): Sums {
    const crc = String(this.#crc.digest())
    return { bytes: this.#crc.bytes, crc, sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex') }
  }
}
