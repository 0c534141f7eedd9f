// Reads tar files of any kind (ustar, pax, GNU), and writes tar files with the headers of tar-header.ts. Formats:
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, https://www.gnu.org/software/tar/manual/html_node/Standard.html
import { createHash } from 'node:crypto'
import { blockBytes, memberHeader, paddingOf, tarKinds, trailerOf } from './tar-header.ts'

export interface TarMember {
  /** The bytes of the path. A directory ends with a slash. */
  path: Buffer
  /** One of `tarKinds`; another letter for a device or a pipe. */
  kind: string
  /** The permissions. */
  mode: number
  /** Seconds since the epoch. */
  time: number
  /** The bytes of the content; 0 if it is not a file. */
  size: number
  target?: Buffer
  /** The content. The reader skips the part that nobody read. */
  content: () => AsyncGenerator<Buffer>
}

/** The file is damaged or of an unknown kind. The message is for people. */
export class TarError extends Error {}

const longNameMax = 65_536

/** Buffers the pieces of a stream. */
class Bytes {
  readonly #pieces: AsyncIterator<Uint8Array>
  #buffer: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** The next bytes, at least one and at most `max`; undefined at the end. */
  async some(max: number): Promise<Buffer | undefined> {
    while (this.#buffer.length === 0) {
      const { value, done } = await this.#pieces.next()
      if (done) return undefined
      this.#buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
    const taken = this.#buffer.subarray(0, max)
    this.#buffer = this.#buffer.subarray(taken.length)
    return taken
  }

  /** Exactly this many bytes; undefined if the stream ends before the first one. */
  async all(count: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = []
    let missing = count
    while (missing > 0) {
      const piece = await this.some(missing)
      if (!piece && missing === count) return undefined
      if (!piece) throw new TarError('the tar file ends in the middle of a member')
      pieces.push(piece)
      missing -= piece.length
    }
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
  }
}

/** The members of a tar file. The caller must finish with a member's content before it asks for the next member. */
export async function* readTar(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const bytes = new Bytes(pieces)
  let pending: Extended = {}
  for (let header = await bytes.all(blockBytes); header; header = await bytes.all(blockBytes)) {
    if (header.every(byte => byte === 0)) continue // the end, or a gap
    checkSum(header)
    const kind = String.fromCharCode(header[156] ?? 0)
    const size = pending.size ?? numberAt(header, 124, 12)
    if ('xgLK'.includes(kind)) {
      if (size > longNameMax) throw new TarError(`a name of ${size} bytes is too long`)
      const content = (await bytes.all(size + paddingOf(size).length)) ?? Buffer.alloc(0)
      pending = { ...pending, ...extended(kind, content.subarray(0, size)) }
      continue
    }
    const member = memberOf(header, kind, size, pending)
    pending = {}
    let left = member.size
    const content = async function* () {
      while (left > 0) {
        const piece = await bytes.some(left)
        if (!piece) throw new TarError('the tar file ends in the middle of a file')
        left -= piece.length
        yield piece
      }
    }
    yield { ...member, content }
    for await (const _ of content()); // skips the part that nobody read
    await bytes.all(paddingOf(member.size).length)
  }
}

interface Extended {
  path?: Buffer
  target?: Buffer
  size?: number
}

function extended(kind: string, content: Buffer): Extended {
  const text = content.subarray(0, content.indexOf(0) < 0 ? content.length : content.indexOf(0))
  if (kind === 'L') return { path: text }
  if (kind === 'K') return { target: text }
  return kind === 'x' ? records(content) : {} // a global header has only comments, in practice
}

function records(content: Buffer): Extended {
  const found: Extended = {}
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const equals = content.indexOf(0x3d, space)
    const length = Number(content.toString('latin1', at, space))
    if (space < 0 || equals < 0 || !Number.isInteger(length) || length < 5)
      throw new TarError('a pax header is damaged')
    const value = content.subarray(equals + 1, at + length - 1)
    const key = content.toString('latin1', space + 1, equals)
    if (key === 'path') found.path = value
    if (key === 'linkpath') found.target = value
    if (key === 'size') found.size = Number(value.toString('latin1'))
    at += length
  }
  return found
}

function memberOf(header: Buffer, flag: string, size: number, { path, target }: Extended): Omit<TarMember, 'content'> {
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isUstar ? textAt(header, 345, 155) : Buffer.alloc(0)
  const short = textAt(header, 0, 100)
  const name = path ?? (prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), short]) : short)
  const isOldDirectory = (flag === '\0' || flag === '0') && name[name.length - 1] === 0x2f
  const kind = isOldDirectory ? tarKinds.directory : flag === '\0' || flag === '7' ? tarKinds.file : flag
  const link = target ?? textAt(header, 157, 100)
  return {
    path: kind === tarKinds.directory ? withSlash(name) : name,
    kind,
    mode: numberAt(header, 100, 8) & 0o777,
    time: numberAt(header, 136, 12),
    size: kind === tarKinds.file ? size : 0,
    ...(kind === tarKinds.link || kind === tarKinds.hardLink ? { target: link } : {}),
  }
}

const withSlash = (path: Buffer) => (path[path.length - 1] === 0x2f ? path : Buffer.concat([path, Buffer.from('/')]))

function textAt(header: Buffer, at: number, bytes: number): Buffer {
  const field = header.subarray(at, at + bytes)
  const end = field.indexOf(0)
  return end < 0 ? field : field.subarray(0, end)
}

/** A number in octal, or in the binary form of GNU tar for large values. */
function numberAt(header: Buffer, at: number, bytes: number): number {
  if ((header[at] ?? 0) === 0x80) return Number(BigInt(`0x${header.toString('hex', at + 1, at + bytes)}`))
  const text = header.toString('latin1', at, at + bytes).replace(/[\0 ].*$/s, '')
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : 0
}

function checkSum(header: Buffer): void {
  let sum = 8 * 0x20
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte
  const written = header
    .toString('latin1', 148, 156)
    .replace(/^ +/, '')
    .replace(/[\0 ].*$/s, '')
  if (Number.parseInt(written, 8) !== sum) throw new TarError('it is not a tar file, or it is damaged')
}

/** Writes members as a tar file. */
export async function* writeTar(members: AsyncIterable<TarMember>): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const { content, ...member } of members) {
    const hash = createHash('sha1').update(member.path).digest('hex')
    const header = memberHeader({ ...member, hash })
    yield header
    bytes += header.length
    if (member.kind !== tarKinds.file) continue
    for await (const piece of content()) yield piece
    yield paddingOf(member.size)
    bytes += member.size + paddingOf(member.size).length
  }
  yield trailerOf(bytes)
}
