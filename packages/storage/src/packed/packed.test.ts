import { randomBytes, randomInt } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { blockBytes, DamagedLogError, packedBytesMax, tailBytes } from './format.ts'
import { packLog } from './pack.ts'
import { openPacked, unpackLog } from './unpack.ts'

async function* blocksOf(log: Buffer) {
  for (let at = 0; at < log.length; at += blockBytes) yield log.subarray(at, at + blockBytes)
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const kept: Uint8Array[] = []
  for await (const piece of pieces) kept.push(Buffer.from(piece))
  return Buffer.concat(kept)
}

const pack = (log: Buffer) => collect(packLog(blocksOf(log)))

/** A file that counts the reads, and reuses the memory of its pieces. */
function fileOf(bytes: Buffer) {
  const file = {
    bytes: bytes.length,
    reads: [] as number[],
    async *read(start: number, end: number) {
      file.reads.push(end - start)
      const piece = Buffer.alloc(50_000)
      for (let at = start; at < end; at += piece.length) {
        const length = bytes.copy(piece, 0, at, Math.min(end, at + piece.length))
        yield piece.subarray(0, length)
      }
    },
  }
  return file
}

async function readRange(packed: Buffer, start: number, end: number) {
  const file = fileOf(packed)
  return collect(unpackLog(await openPacked(file), file.read, start, end))
}

/** Lines that compress like those of a build, and bytes that do not compress. */
function logOf(bytes: number): Buffer {
  const lines = Array.from({ length: Math.ceil(bytes / 40) }, (_, line) => `cc -c file${line}.c -o file${line}.o …\n`)
  const log = Buffer.from(lines.join('')).subarray(0, bytes)
  randomBytes(Math.min(5000, bytes)).copy(log, Math.floor(bytes / 2))
  return Buffer.concat([log, Buffer.alloc(bytes - log.length, 'x')])
}

const sizes = [0, 1, blockBytes - 1, blockBytes, blockBytes + 1, 2 * blockBytes, 3 * blockBytes + 7]

test.each([...sizes, ...Array.from({ length: 4 }, () => randomInt(4 * blockBytes))])(
  'a packed log of %i bytes has the same bytes, also for a program that reads gzip',
  async bytes => {
    const log = logOf(bytes)
    const packed = await pack(log)
    const index = await openPacked(fileOf(packed))
    expect(index).toMatchObject({ bytes, blocks: { length: Math.ceil(bytes / blockBytes) } })
    expect((await readRange(packed, 0, bytes)).equals(log)).toBe(true)
    expect(gunzipSync(packed).equals(log)).toBe(true) // both members, as zcat does
    expect(gunzipSync(packed.subarray(0, index.gzipBytes)).equals(log)).toBe(true) // the first member, as a browser does
  },
)

describe('a range of a packed log has the same bytes', async () => {
  const log = logOf(3 * blockBytes + 100)
  const packed = await pack(log)
  const edges = [0, 1, blockBytes - 1, blockBytes, blockBytes + 1, 2 * blockBytes, 3 * blockBytes, log.length]
  const ranges = edges.flatMap(start => edges.filter(end => end > start).map(end => [start, end] as const))
  const random = Array.from({ length: 10 }, () => {
    const start = randomInt(log.length - 1)
    return [start, randomInt(start + 1, log.length)] as const
  })
  test.each([...ranges, ...random])('%i to %i', async (start, end) => {
    expect((await readRange(packed, start, end)).equals(log.subarray(start, end))).toBe(true)
  })
  test('without bytes after the end of the log', async () => {
    expect((await readRange(packed, log.length - 3, log.length + 100)).length).toBe(3)
    expect((await readRange(packed, log.length, log.length + 100)).length).toBe(0)
  })
})

test('a range costs one read after the index, and only of its blocks', async () => {
  const log = logOf(40 * blockBytes)
  const file = fileOf(await pack(log))
  const index = await openPacked(file)
  expect(file.reads).toEqual([tailBytes])
  const range = await collect(unpackLog(index, file.read, 20 * blockBytes + 5, 20 * blockBytes + 105))
  expect(range.equals(log.subarray(20 * blockBytes + 5, 20 * blockBytes + 105))).toBe(true)
  const block = index.blocks[20]
  expect(file.reads).toEqual([tailBytes, (block?.end ?? 0) - (block?.start ?? 0)])
})

test('the index has the line feeds of each block', async () => {
  const log = Buffer.from(`${'x'.repeat(63)}\n`.repeat(blockBytes / 64 + 10))
  const { blocks } = await openPacked(fileOf(await pack(log)))
  expect(blocks.map(({ lineFeeds }) => lineFeeds)).toEqual([blockBytes / 64, 10])
})

describe('a damaged log gives an error that says where', async () => {
  const log = logOf(3 * blockBytes)
  const packed = await pack(log)
  const { blocks, gzipBytes } = await openPacked(fileOf(packed))
  const changed = (at: number) => {
    const copy = Buffer.from(packed)
    copy[at] = (copy[at] as number) ^ 0x10
    return copy
  }
  const inSecond = (blocks[1]?.start ?? 0) + 100

  test('in one block, and the other blocks can be read', async () => {
    const damaged = changed(inSecond)
    const error = await readRange(damaged, blockBytes + 10, blockBytes + 20).catch(caught => caught)
    expect(error).toBeInstanceOf(DamagedLogError)
    expect(error.message).toBe(`its bytes ${blockBytes} to ${2 * blockBytes - 1} are damaged`)
    expect((await readRange(damaged, 2 * blockBytes, log.length)).equals(log.subarray(2 * blockBytes))).toBe(true)
  })
  test.each([gzipBytes + 20, packed.length - 12, packed.length - 30])('in the index (byte %i)', async at => {
    await expect(openPacked(fileOf(changed(at)))).rejects.toThrow('its index is damaged')
  })
  test.each([packed.length - 1, gzipBytes, 100, 0])('if the file ends after %i bytes', async length => {
    await expect(openPacked(fileOf(packed.subarray(0, length)))).rejects.toThrow('its index is damaged')
  })
  test('if the file is shorter than its index says', async () => {
    const index = await openPacked(fileOf(packed))
    const short = fileOf(packed.subarray(0, inSecond))
    const read = (start: number, end: number) => short.read(start, Math.min(end, inSecond))
    await expect(collect(unpackLog(index, read, 0, log.length))).rejects.toThrow('its end is missing')
  })
})

test('the index has room for the largest log', () => {
  expect(packedBytesMax).toBeGreaterThan(2 ** 31)
})
