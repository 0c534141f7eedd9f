// The headers of a tar file, with the same bytes as git's (archive-tar.c). Format:
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar interchange format)

export const blockBytes = 512
/** git pads a tar file to a multiple of this. */
const recordBytes = 20 * blockBytes

export interface TarEntry {
  /** The bytes of the path. A directory ends with a slash. */
  path: Buffer
  /** The mode in git: 0o40000 a directory, 0o160000 a submodule, 0o120000 a symbolic link, otherwise a file. */
  mode: number
  /** The hash of git's object, for the names of headers of long paths. */
  hash: string
  /** The bytes of a file, or the target of a link. */
  size: number
  target?: Buffer
  /** Seconds since the epoch. */
  time: number
}

export const tarKinds = { file: '0', hardLink: '1', link: '2', directory: '5', extended: 'x' } as const
const nameMax = 100
const prefixMax = 155
const octalSizeMax = 0o77777777777

/** The header of an object of git, preceded by a pax header if a name is too long for ustar. */
export function headerOf({ mode, ...entry }: TarEntry): Buffer {
  const type = mode & 0o170000
  if (type === 0o40000 || type === 0o160000)
    return memberHeader({ ...entry, kind: tarKinds.directory, mode: 0o755, size: 0 })
  if (type === 0o120000) return memberHeader({ ...entry, kind: tarKinds.link, mode: 0o777, size: 0 })
  return memberHeader({ ...entry, kind: tarKinds.file, mode: mode & 0o100 ? 0o755 : 0o644 })
}

export interface MemberHeader extends Omit<TarEntry, 'mode'> {
  /** One of `tarKinds`. */
  kind: string
  /** The permissions. */
  mode: number
}

/** The header of a member, preceded by a pax header if a name is too long for ustar. */
export function memberHeader({ path, hash, target, time, kind, mode, size }: MemberHeader): Buffer {
  const records: Buffer[] = []
  const place = placeOf(path)
  if (!place) records.push(recordOf('path', path))
  if (target && target.length > nameMax) records.push(recordOf('linkpath', target))
  if (size > octalSizeMax) records.push(recordOf('size', Buffer.from(String(size))))
  const link = target && target.length > nameMax ? Buffer.from(`see ${hash}.paxheader`) : target
  const header = blockOf({
    ...(place ?? { name: Buffer.from(`${hash}.data`) }),
    kind,
    mode,
    size: size > octalSizeMax ? 0 : size,
    time,
    ...(link && { link }),
  })
  if (records.length === 0) return header
  const content = Buffer.concat(records)
  const name = Buffer.from(`${hash}.paxheader`)
  const extended = blockOf({ name, kind: tarKinds.extended, mode: 0o666, size: content.length, time })
  return Buffer.concat([extended, content, paddingOf(content.length), header])
}

/** How ustar stores a path: in one field, or divided at a slash into two. Undefined if the path is too long. */
export function placeOf(path: Buffer): { name: Buffer; prefix?: Buffer } | undefined {
  if (path.length <= nameMax) return { name: path }
  // As in git, the slash at the end of a directory does not divide the path, and a prefix has at most 154 bytes.
  let slash = Math.min(prefixMax, path[path.length - 1] === 0x2f ? path.length - 1 : path.length)
  do slash -= 1
  while (slash > 0 && path[slash] !== 0x2f)
  if (slash === 0 || path.length - slash - 1 > nameMax) return undefined
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) }
}

interface Block {
  name: Buffer
  prefix?: Buffer
  kind: string
  mode: number
  size: number
  time: number
  link?: Buffer
}

function blockOf({ name, prefix, kind, mode, size, time, link }: Block): Buffer {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, digits: number, at: number) =>
    block.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  name.copy(block, 0)
  octal(mode, 7, 100)
  octal(0, 7, 108)
  octal(0, 7, 116)
  octal(size, 11, 124)
  octal(time, 11, 136)
  block.write('        ', 148)
  block.write(kind, 156)
  link?.copy(block, 157)
  block.write('ustar\0' + '00', 257, 'latin1')
  block.write('root', 265)
  block.write('root', 297)
  octal(0, 7, 329)
  octal(0, 7, 337)
  prefix?.copy(block, 345)
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(7, '0')}\0`, 148, 'latin1')
  return block
}

/** A record of a pax header, `LENGTH KEY=VALUE\n`; the length counts its own digits too. */
function recordOf(key: string, value: Buffer): Buffer {
  const rest = key.length + value.length + 3
  let length = rest + 1
  while (rest + String(length).length > length) length += 1
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')])
}

/** The zeros after a content of this size. */
export const paddingOf = (size: number): Buffer => Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes)

/** The end of a tar file that has this many bytes: at least two blocks of zeros. */
export function trailerOf(bytes: number): Buffer {
  const tail = recordBytes - (bytes % recordBytes)
  return Buffer.alloc(tail < 2 * blockBytes ? tail + recordBytes : tail)
}
