import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'
import { combined } from './crc.ts'
import { gzipEnd, gzipHeader, type PackedBlock, writeIndex } from './format.ts'

const deflate = promisify(deflateRaw)
/** Level 1 takes 2.6-4 ms of a processor for a megabyte of a build's log. Level 6 takes 9-14 ms, and saves a quarter. */
const level = 1
const outputBytes = 128 * 1024

/**
 * The bytes of a packed log. `blocks`: the log in blocks of `blockBytes`, of which only the last one is smaller. Two
 * blocks are compressed at the same time, in Node's pool of threads, so a block must stay valid until the second block
 * after it is taken.
 */
export async function* packLog(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const entries: PackedBlock[] = []
  let [crc, bytes, at] = [0, 0, gzipHeader.length]
  const add = (deflated: Deflated): Uint8Array => {
    const start = at
    at += deflated.bytes.length
    crc = combined(crc, deflated.crc, deflated.length)
    bytes += deflated.length
    entries.push({ start, end: at, crc: deflated.crc, lineFeeds: deflated.lineFeeds })
    return deflated.bytes
  }
  yield gzipHeader
  let pending: Promise<Deflated> | undefined
  for await (const block of blocks) {
    const next = deflateBlock(block)
    if (pending) yield add(await pending)
    pending = next
  }
  if (pending) yield add(await pending)
  yield gzipEnd(crc, bytes)
  yield writeIndex({ bytes, blocks: entries })
}

interface Deflated {
  bytes: Uint8Array
  /** Of the log's bytes, as the following values. */
  length: number
  crc: number
  lineFeeds: number
}

/** A full flush ends the output at a whole byte, and nothing in the next block refers to this one. */
async function deflateBlock(block: Uint8Array): Promise<Deflated> {
  const deflated = deflate(block, { level, finishFlush: constants.Z_FULL_FLUSH, chunkSize: outputBytes })
  const [crc, lineFeeds] = [crc32(block), countLineFeeds(block)]
  return { bytes: await deflated, length: block.length, crc, lineFeeds }
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++
  return count
}
