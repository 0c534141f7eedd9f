import { Writable } from 'node:stream'

/** An entry of a tar file. */
export interface TarEntry {
  name: string
  /** The type of ustar: `0` file, `2` symbolic link, `5` directory. */
  type: string
  bytes: number
  link: string
}

const blockBytes = 512
/** Extended headers hold only long names, which have at most a few kilobytes. */
const extendedBytesMax = 65_536

/**
 * Reads the entries of a tar file as its bytes arrive, with the formats ustar and pax:
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html. `begin` receives each entry, and returns whether
 * `content` shall receive its bytes. An error of either ends the stream.
 */
export class TarReader extends Writable {
  readonly #begin: (entry: TarEntry) => boolean
  readonly #content: (bytes: Buffer) => void
  #head = Buffer.alloc(0)
  /** The bytes of the present entry that are still to come, and its padding. */
  #left = 0
  #padding = 0
  #use: (bytes: Buffer) => void = () => {}
  #extended: Buffer[] = []
  #long: { path?: string; linkpath?: string } = {}
  #atEnd = false

  constructor(begin: (entry: TarEntry) => boolean, content: (bytes: Buffer) => void = () => {}) {
    super()
    this.#begin = begin
    this.#content = content
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    try {
      this.#take(piece)
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  override _final(done: (error?: Error) => void): void {
    const isWhole = this.#left === 0 && this.#padding === 0 && (this.#atEnd || this.#head.length === 0)
    done(isWhole ? undefined : new Error('the tar file ends in the middle of an entry'))
  }

  #take(piece: Buffer): void {
    let at = 0
    while (at < piece.length && !this.#atEnd) {
      if (this.#left > 0) {
        const part = piece.subarray(at, at + this.#left)
        this.#use(part)
        this.#left -= part.length
        at += part.length
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, piece.length - at)
        this.#padding -= skipped
        at += skipped
      } else {
        const part = piece.subarray(at, at + blockBytes - this.#head.length)
        this.#head = Buffer.concat([this.#head, part])
        at += part.length
        if (this.#head.length === blockBytes) this.#enter(this.#head)
      }
    }
  }

  #enter(head: Buffer): void {
    this.#head = Buffer.alloc(0)
    if (head.every(byte => byte === 0)) {
      this.#atEnd = true
      return
    }
    checkSum(head)
    const bytes = numberAt(head, 124, 12)
    const type = String.fromCharCode(head[156] || 48)
    this.#left = bytes
    this.#padding = (blockBytes - (bytes % blockBytes)) % blockBytes
    if (type === 'x' || type === 'g') this.#enterExtended(bytes, type === 'x')
    else this.#enterFile(head, type, bytes)
  }

  #enterFile(head: Buffer, type: string, bytes: number): void {
    const { path = nameOf(head), linkpath = textAt(head, 157, 100) } = this.#long
    this.#long = {}
    const isWanted = this.#begin({ name: path, type, bytes, link: linkpath })
    this.#use = isWanted ? this.#content : () => {}
  }

  #enterExtended(bytes: number, isUsed: boolean): void {
    if (bytes > extendedBytesMax) throw new Error('an extended header of the tar file is too long')
    this.#extended = []
    this.#use = part => {
      this.#extended.push(Buffer.from(part))
      const whole = Buffer.concat(this.#extended)
      if (isUsed && whole.length === bytes) this.#long = recordsOf(whole)
    }
  }
}

const textAt = (head: Buffer, start: number, length: number): string => {
  const field = head.subarray(start, start + length)
  const end = field.indexOf(0)
  // latin1 keeps every byte of a name that is not UTF-8
  return field.toString('latin1', 0, end === -1 ? length : end)
}

const nameOf = (head: Buffer): string => {
  const prefix = textAt(head, 345, 155)
  return prefix === '' ? textAt(head, 0, 100) : `${prefix}/${textAt(head, 0, 100)}`
}

function numberAt(head: Buffer, start: number, length: number): number {
  const text = textAt(head, start, length).trim()
  if (!/^[0-7]*$/.test(text)) throw new Error(notTar)
  return Number.parseInt(text || '0', 8)
}

const notTar = 'the file is not a tar file, or it is damaged'

function checkSum(head: Buffer): void {
  const sum = head.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0)
  if (sum !== numberAt(head, 148, 8)) throw new Error(notTar)
}

/** The records `LENGTH KEY=VALUE\n` of an extended header. */
function recordsOf(bytes: Buffer): { path?: string; linkpath?: string } {
  const found: Record<string, string> = {}
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at)
    const length = Number(bytes.toString('latin1', at, space))
    if (space === -1 || !Number.isInteger(length) || length <= space - at) throw new Error('a pax header is damaged')
    const [, key = '', value = ''] =
      /^([^=]*)=([\s\S]*)\n$/.exec(bytes.toString('latin1', space + 1, at + length)) ?? []
    if (key === 'path' || key === 'linkpath') found[key] = value
    at += length
  }
  return found
}
