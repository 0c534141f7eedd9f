import { promisify } from 'node:util'
import { constants, crc32, inflateRaw } from 'node:zlib'
import { blockBytes, DamagedLogError, type PackedBlock, type PackedIndex, readIndex, tailBytes } from './format.ts'

const inflate = promisify(inflateRaw)
/** How many blocks are inflated before the reader takes them. */
const aheadMax = 2

/** A file with a packed log. */
export interface PackedFile {
  bytes: number
  /** The bytes from `start` to `end`, in pieces of any size. */
  read(start: number, end: number): AsyncIterable<Uint8Array>
}

/** Reads the index of a packed log. A small file is read as a whole. */
export async function openPacked({ bytes, read }: PackedFile): Promise<PackedIndex> {
  const tail = await collect(read(Math.max(0, bytes - tailBytes), bytes))
  return readIndex(tail, bytes)
}

/**
 * The bytes of the log from `start` to `end`, without the byte at `end`. Reads and inflates only the blocks of this range.
 * Throws a `DamagedLogError` that says which bytes are damaged.
 */
export async function* unpackLog(
  index: PackedIndex,
  read: PackedFile['read'],
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const until = Math.min(end, index.bytes)
  if (start >= until) return
  const first = Math.floor(start / blockBytes)
  const blocks = index.blocks.slice(first, Math.ceil(until / blockBytes))
  const ahead: Promise<Buffer>[] = []
  let [number, taken] = [first, first]
  const next = async (): Promise<Uint8Array> => {
    const block = await (ahead.shift() as Promise<Buffer>)
    const from = number++ * blockBytes
    return block.subarray(Math.max(0, start - from), until - from)
  }
  for await (const [place, packed] of splitBlocks(blocks, read)) {
    const inflated = inflateBlock(packed, place, { index, number: taken++ })
    inflated.catch(() => undefined) // `next` throws it
    ahead.push(inflated)
    if (ahead.length > aheadMax) yield await next()
  }
  while (ahead.length > 0) yield await next()
}

/** Each block with its compressed bytes, from one read. */
async function* splitBlocks(
  blocks: readonly PackedBlock[],
  read: PackedFile['read'],
): AsyncGenerator<[PackedBlock, Buffer]> {
  const [first, last] = [blocks[0], blocks.at(-1)]
  if (!first || !last) return
  let [kept, bytes, at]: [Uint8Array[], number, number] = [[], 0, 0]
  for await (const piece of read(first.start, last.end)) {
    let rest = piece
    for (let block = blocks[at]; block; block = blocks[at]) {
      const part = rest.subarray(0, block.end - block.start - bytes)
      kept.push(Buffer.from(part)) // the reader of the file can use the memory of the piece again
      bytes += part.length
      rest = rest.subarray(part.length)
      if (bytes < block.end - block.start) break
      yield [block, kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept)]
      ;[kept, bytes] = [[], 0]
      at++
    }
  }
  if (at < blocks.length) throw new DamagedLogError('its end is missing')
}

async function inflateBlock(
  packed: Buffer,
  { crc }: PackedBlock,
  { index, number }: { index: PackedIndex; number: number },
): Promise<Buffer> {
  const start = number * blockBytes
  const bytes = Math.min(blockBytes, index.bytes - start)
  const damaged = () => new DamagedLogError(`its bytes ${start} to ${start + bytes - 1} are damaged`)
  let inflated: Buffer
  try {
    inflated = await inflate(packed, {
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize: blockBytes + 64,
      maxOutputLength: blockBytes,
    })
  } catch {
    throw damaged()
  }
  if (inflated.length !== bytes || crc32(inflated) !== crc) throw damaged()
  return inflated
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const kept: Uint8Array[] = []
  for await (const piece of pieces) kept.push(Buffer.from(piece))
  return Buffer.concat(kept)
}
