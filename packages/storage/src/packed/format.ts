import { crc32 } from 'node:zlib'

// A packed log is a gzip file of two members, so `zcat` prints it. The first member has the whole log. Each block of
// `blockBytes` of the log is compressed alone, so a reader can begin at each block. The second member has no text: its
// header has the index of the blocks. docs/storage.md describes each byte.

/** The bytes of a log in one block. A page of lines reads one or two blocks, and inflating one takes about 2 ms. */
export const blockBytes = 512 * 1024
/** A smaller log stays as it is: it saves at most three blocks of a disk, and a reader gets it with one read. */
export const packedBytesMin = 16 * 1024

export interface PackedBlock {
  /** The place of the compressed bytes in the file. */
  start: number
  end: number
  /** The CRC-32 of the bytes of the log. */
  crc: number
  lineFeeds: number
}

export interface PackedIndex {
  /** The bytes of the log. */
  bytes: number
  /** The size of the first member, which a browser can read. */
  gzipBytes: number
  blocks: readonly PackedBlock[]
}

/** A packed log whose bytes are not those that the farm wrote. */
export class DamagedLogError extends Error {}

export const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255])
/** An empty last block of deflate, and then the CRC-32 and the size modulo 2^32 of the bytes. */
const endBytes = 10
const entryBytes = 12
/** Version, number of blocks, bytes of the log (8), CRC-32 of all that, and a word to recognise. */
const footerBytes = 24
const version = 1
const word = Buffer.from('RFLG')
/** Before the entries: the header of the member, the length of its extra field, and the name and length of the subfield. */
const extraStart = gzipHeader.length + 2 + 4
/** The length of an extra field has 16 bits. */
const blocksMax = Math.floor((65_535 - 4 - footerBytes) / entryBytes)
/** A larger log stays as it is. */
export const packedBytesMax = blocksMax * blockBytes
/** The index is in so many bytes at the end of the file. */
export const tailBytes = extraStart + 65_535 + endBytes

/** What follows the last block in the first member. */
export function gzipEnd(crc: number, bytes: number): Buffer {
  const end = Buffer.alloc(endBytes)
  end[0] = 3 // the last block, with fixed codes; its only code is the end of the block
  end.writeUInt32LE(crc, 2)
  end.writeUInt32LE(bytes % 2 ** 32, 6)
  return end
}

/** The second member. */
export function writeIndex({ bytes, blocks }: Pick<PackedIndex, 'bytes' | 'blocks'>): Buffer {
  const data = Buffer.alloc(blocks.length * entryBytes + footerBytes)
  for (const [index, { start, end, crc, lineFeeds }] of blocks.entries()) {
    data.writeUInt32LE(end - start, index * entryBytes)
    data.writeUInt32LE(crc, index * entryBytes + 4)
    data.writeUInt32LE(lineFeeds, index * entryBytes + 8)
  }
  const footer = data.length - footerBytes
  data.writeUInt32LE(version, footer)
  data.writeUInt32LE(blocks.length, footer + 4)
  data.writeBigUInt64LE(BigInt(bytes), footer + 8)
  data.writeUInt32LE(crc32(data.subarray(0, footer + 16)), footer + 16)
  word.copy(data, footer + 20)
  const extra = Buffer.alloc(6)
  extra.writeUInt16LE(4 + data.length, 0)
  extra.write('RF', 2, 'latin1')
  extra.writeUInt16LE(data.length, 4)
  const header = Buffer.from(gzipHeader)
  header[3] = 4 // an extra field follows
  return Buffer.concat([header, extra, data, gzipEnd(0, 0)])
}

/**
 * The index of a packed log. `tail`: the last `tailBytes` of the file, or the whole file if it is smaller. Throws a
 * `DamagedLogError` if this is no index.
 */
export function readIndex(tail: Buffer, fileBytes: number): PackedIndex {
  const dataEnd = tail.length - endBytes
  const footer = dataEnd - footerBytes
  if (footer < 0 || !tail.subarray(dataEnd - word.length, dataEnd).equals(word)) throw damagedIndex()
  const count = tail.readUInt32LE(footer + 4)
  const start = footer - count * entryBytes
  if (tail.readUInt32LE(footer) !== version || count > blocksMax || start < extraStart) throw damagedIndex()
  if (crc32(tail.subarray(start, footer + 16)) !== tail.readUInt32LE(footer + 16)) throw damagedIndex()
  let at = gzipHeader.length
  const blocks = Array.from({ length: count }, (_, index): PackedBlock => {
    const entry = start + index * entryBytes
    const from = at
    at += tail.readUInt32LE(entry)
    return { start: from, end: at, crc: tail.readUInt32LE(entry + 4), lineFeeds: tail.readUInt32LE(entry + 8) }
  })
  const gzipBytes = at + endBytes
  if (gzipBytes !== fileBytes - tail.length + start - extraStart) throw damagedIndex()
  return { bytes: Number(tail.readBigUInt64LE(footer + 8)), gzipBytes, blocks }
}

const damagedIndex = () => new DamagedLogError('its index is damaged')
