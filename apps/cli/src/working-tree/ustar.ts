// Writes tar files as `git archive` writes them: ustar, and a pax header only for a name that ustar cannot hold. Names are
// bytes, because git does not know their encoding. The library tar-stream needs names that are text, and writes a pax
// header for each name that is not ASCII; tar programs from before 2001 unpack such a header as a file.
// Format: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
import { createHash } from 'node:crypto'

export interface TarHead {
  /** The path; the name of a directory ends with a slash. */
  name: Buffer
  type: 'file' | 'link' | 'directory'
  isExecutable?: boolean
  bytes?: number
  /** Seconds since the epoch. */
  time: number
  target?: Buffer
}

const blockBytes = 512
const nameBytesMax = 100
const prefixBytesMax = 155
/** The field has eleven octal digits. */
export const fileBytesMax = 8 ** 11 - 1

/** The blocks before the content of an entry. */
export function headOf(head: TarHead): Buffer {
  const { name, target = Buffer.alloc(0) } = head
  const split = splitName(name)
  const records = [
    ...(split ? [] : [recordOf('path', name)]),
    ...(target.length > nameBytesMax ? [recordOf('linkpath', target)] : []),
  ]
  if (records.length === 0) return blockOf(head, split ?? nameOf(''), typeOf(head))
  // The agent of a host finds these names if the host's tar ignores pax headers.
  const hash = createHash('sha1').update(name).digest('hex')
  const link = target.length > nameBytesMax ? Buffer.from(`see ${hash}.paxheader`) : target
  const own = blockOf({ ...head, target: link }, split ?? nameOf(`${hash}.data`), typeOf(head))
  const text = Buffer.concat(records)
  const before = blockOf({ bytes: text.length, time: head.time }, nameOf(`${hash}.paxheader`), 'x')
  return Buffer.concat([before, text, paddingOf(text.length), own])
}

/** The zeros after the content of an entry. */
export const paddingOf = (bytes: number): Buffer => Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes)

/** The end of a tar file. */
export const tarEnd = Buffer.alloc(2 * blockBytes)

const typeOf = ({ type }: TarHead) => ({ file: '0', link: '2', directory: '5' })[type]

interface SplitName {
  prefix: Buffer
  rest: Buffer
}

const nameOf = (name: string): SplitName => ({ prefix: Buffer.alloc(0), rest: Buffer.from(name) })

/** Divides a long name at a slash. */
function splitName(name: Buffer): SplitName | undefined {
  if (name.length <= nameBytesMax) return { prefix: Buffer.alloc(0), rest: name }
  for (let at = Math.min(prefixBytesMax, name.length - 2); at > 0; at--) {
    const rest = name.subarray(at + 1)
    if (name[at] === 47 && rest.length <= nameBytesMax) return { prefix: name.subarray(0, at), rest }
    if (rest.length > nameBytesMax) return undefined
  }
  return undefined
}

/** `LENGTH KEY=VALUE\n`. The length counts its own digits. */
function recordOf(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function blockOf(
  { bytes = 0, time, isExecutable, target = Buffer.alloc(0), type }: Partial<TarHead> & { time: number },
  { prefix, rest }: SplitName,
  flag: string,
): Buffer {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, at: number, digits: number) =>
    void block.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  const mode = type === 'link' ? 0o777 : type === 'directory' || isExecutable ? 0o755 : 0o644
  rest.copy(block, 0)
  octal(mode, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(bytes, 124, 11)
  octal(Math.max(0, time), 136, 11)
  block.write('        ', 148, 'latin1')
  block.write(flag, 156, 'latin1')
  target.copy(block, 157, 0, nameBytesMax)
  block.write('ustar\u000000', 257, 'latin1')
  block.write('root', 265, 'latin1')
  block.write('root', 297, 'latin1')
  octal(0, 329, 7)
  octal(0, 337, 7)
  prefix.copy(block, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  octal(sum, 148, 6)
  block[154] = 0
  return block
}
