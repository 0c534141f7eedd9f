// A source that is a tarball at a URL, such as a release of a compiler.

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { hideSecrets } from '@rumpfarm/contracts'
import { tarKinds } from '../git/tar-header.ts'
import { readTar, TarError, type TarMember, writeTar } from '../git/tar-stream.ts'
import { downloadTo } from './download.ts'
import { isKept, removeOldest } from './kept-files.ts'
import { checked, shownPath } from './members.ts'
import { withoutDot } from './strip.ts'

export interface TarballSource {
  url: string
  sha256: string
  /** How many leading directories the farm removes. Undefined: one, if all files are in one directory. */
  strip: number | undefined
  leaveOut: readonly string[]
}

/** The protocol counts the bytes of a source in nine digits. */
const downloadBytesMax = 999_999_999
const unpackedBytesMax = 8_000_000_000
const downloadSeconds = 3600
/** All downloaded files together. Without the least recently used ones, the farm downloads them again. */
const keptBytesMax = 4_000_000_000

/** The tar file of such a source, for the hosts. Throws an error for people if it is not available. */
export async function tarballSource(directory: string, source: TarballSource): Promise<AsyncGenerator<Buffer>> {
  const file = await downloaded(directory, source)
  const strip = source.strip ?? (await usualStrip(file))
  return writeTar(checked(hardLinksInside(stripped(limited(readTar(await unpacked(file))), strip)), source.leaveOut))
}

/** The downloaded file. A file with the wanted checksum is downloaded only once. */
async function downloaded(directory: string, { url, sha256 }: TarballSource): Promise<string> {
  const file = join(directory, sha256)
  if (await isKept(file)) return file
  await mkdir(directory, { recursive: true })
  const draft = join(directory, `.${sha256}.${randomUUID()}`)
  try {
    const { host } = new URL(url)
    const wanted = { url, trustedHost: host, sha256, bytesMax: downloadBytesMax, seconds: downloadSeconds }
    const result = await downloadTo(draft, wanted)
    if (result.kind === 'failed') throw new TarError(`cannot download ${hideSecrets(url)}: ${result.message}`)
    await rename(draft, file)
    await removeOldest(directory, keptBytesMax, sha256)
    return file
  } finally {
    await rm(draft, { force: true })
  }
}

const formats: readonly { name: string; magic: string; program?: string; package?: string }[] = [
  { name: 'gzip', magic: '1f8b' },
  { name: 'xz', magic: 'fd377a585a00', program: 'xz', package: 'xz-utils' },
  { name: 'bzip2', magic: '425a68', program: 'bzip2', package: 'bzip2' },
  { name: 'zstd', magic: '28b52ffd', program: 'zstd', package: 'zstd' },
  { name: 'lzip', magic: '4c5a4950', program: 'lzip', package: 'lzip' },
]

async function unpacked(file: string): Promise<AsyncIterable<Buffer>> {
  const head = await headOf(file)
  if (head.startsWith('504b0304')) throw new TarError('it is a zip file, and the farm unpacks only tar files')
  const format = formats.find(({ magic }) => head.startsWith(magic))
  if (!format) return createReadStream(file, { highWaterMark: 262_144 })
  if (!format.program) return gunzipped(file)
  return decompressed(file, format.program, format.package ?? format.program)
}

async function headOf(file: string): Promise<string> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0)
    return buffer.toString('hex', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

function gunzipped(file: string): AsyncIterable<Buffer> {
  const gunzip = createGunzip()
  const input = createReadStream(file, { highWaterMark: 262_144 })
  input.on('error', error => gunzip.destroy(error))
  return input.pipe(gunzip)
}

async function* decompressed(file: string, program: string, packageName: string): AsyncGenerator<Buffer> {
  const child = spawn(program, ['-dc', '--', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let message = ''
  child.stderr.on('data', (piece: Buffer) => {
    message = `${message}${piece}`.slice(0, 500)
  })
  const ended = new Promise<string | undefined>(resolve => {
    child.on('error', () =>
      resolve(`the farm's server has no ${program} to unpack it: install the package ${packageName} there`),
    )
    child.on('close', code => resolve(code === 0 ? undefined : `${program} cannot unpack it: ${message.trim()}`))
  })
  try {
    for await (const piece of child.stdout) yield piece as Buffer
    const problem = await ended
    if (problem) throw new TarError(problem)
  } finally {
    child.kill('SIGKILL')
  }
}

/** 1 if all files are in one directory, otherwise 0. */
async function usualStrip(file: string): Promise<number> {
  const tops = new Set<string>()
  for await (const { path, kind } of limited(readTar(await unpacked(file)))) {
    const clean = withoutDot(path).toString('latin1')
    if (clean === '') continue
    const [top = '', ...rest] = clean.split('/')
    if (rest.length === 0 && kind !== tarKinds.directory) return 0
    tops.add(top)
    if (tops.size > 1) return 0
  }
  return tops.size
}

async function* limited(members: AsyncIterable<TarMember>): AsyncGenerator<TarMember> {
  let bytes = 0
  for await (const member of members) {
    bytes += member.size
    if (bytes > unpackedBytesMax)
      throw new TarError(
        `its files have more than ${unpackedBytesMax} bytes: exclude paths with leave-out in farm.yaml`,
      )
    yield member
  }
}

async function* stripped(members: AsyncIterable<TarMember>, count: number): AsyncGenerator<TarMember> {
  for await (const member of members) {
    const path = withoutParts(member.path, count)
    if (path.length === 0) continue
    const target =
      member.kind === tarKinds.hardLink && member.target ? { target: withoutParts(member.target, count) } : {}
    // A directory that its owner cannot enter would stop the host in the middle of the unpacking.
    const mode = member.mode | (member.kind === tarKinds.directory ? 0o700 : 0o600)
    yield { ...member, mode, path, ...target }
  }
}

function withoutParts(path: Buffer, count: number): Buffer {
  let rest = withoutDot(path)
  for (let left = count; left > 0; left--) {
    const slash = rest.indexOf(0x2f)
    if (slash < 0) return Buffer.alloc(0)
    rest = rest.subarray(slash + 1)
  }
  return rest
}

async function* hardLinksInside(members: AsyncIterable<TarMember>): AsyncGenerator<TarMember> {
  for await (const member of members) {
    const target = member.target?.toString('latin1') ?? ''
    if (
      member.kind === tarKinds.hardLink &&
      (target === '' || target.startsWith('/') || target.split('/').includes('..'))
    )
      throw new TarError(
        `the hard link "${shownPath(member.path)}" leaves the directory: add it to leave-out in farm.yaml`,
      )
    yield member
  }
}
