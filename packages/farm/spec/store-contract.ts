// What every store must do. Tests call `storeContract` with a directory, and with buckets of several storages.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { Cksum, cksum } from '@rumpfarm/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import {
  appendChunk,
  type BucketPlace,
  blockBytes,
  type Credentials,
  openBucket,
  openBucketStorage,
  openDirectoryStorage,
  packedBytesMin,
  type Storage,
} from '../../storage/src/index.ts'
import { openDatabase } from '../src/db/client.ts'
import { fileIndex } from '../src/db/file-index.ts'

/** Opens the same store again, like a second server or the next process. */
export interface Store {
  open(): Promise<{ storage: Storage; close(): Promise<void> }>
  close(): Promise<void>
}

export function directoryStore(): Store {
  const directory = mkdtempSync(join(tmpdir(), 'store-'))
  return {
    async open() {
      const storage = openDirectoryStorage(directory)
      return { storage, close: () => storage.close() }
    },
    close: async () => rmSync(directory, { recursive: true }),
  }
}

interface StartedBucket {
  place: BucketPlace
  credentials: Credentials
  close(): Promise<void>
}

export async function bucketStore(start: () => Promise<StartedBucket>): Promise<Store> {
  const testBucket = await start()
  const database = await createTestDatabase()
  const db = openDatabase({ url: database.url, limits: { waitMs: 5_000, statementMs: 10_000 } })
  return {
    async open() {
      const bucket = await openBucket(testBucket.place, testBucket.credentials)
      const storage = openBucketStorage(bucket, fileIndex(db))
      return { storage, close: () => storage.close().then(() => bucket.close()) }
    },
    async close() {
      await db.close()
      await database.drop()
      await testBucket.close()
    },
  }
}

const bytes = (content: string) => Buffer.from(content)
const large = Buffer.from('a log line of thirty-two bytes…\n'.repeat(100_000)) // 3.4 MB

/** Adds the tests of a store. */
export const storeContract = (name: string, make: () => Promise<Store>) =>
  describe(name, () => {
    let store: Store
    let storage: Storage
    let logs: Storage['logs']
    let other: Storage['logs']
    let close: (() => Promise<void>)[]
    let jobId = 0
    const attempt = () => ({ jobId: ++jobId, number: 1 })

    beforeAll(async () => {
      store = await make()
      const opened = [await store.open(), await store.open()] as const
      storage = opened[0].storage
      logs = storage.logs
      other = opened[1].storage.logs
      close = opened.map(one => one.close)
    })
    afterAll(async () => {
      for (const one of close) await one()
      await store.close()
    })

    test('the size of a log is the number of its written bytes, and the storage can read a part of the log', async () => {
      const one = attempt()
      const log = logs.open(one)
      expect([await logs.size(one), await log.refreshSize()]).toEqual([0, 0])
      expect(await log.write(0, bytes('hello '))).toBe(6)
      expect(await log.write(6, [bytes('wor'), bytes('ld')])).toBe(11)
      expect(await logs.size(one)).toBe(11)
      expect(await text(logs.read(one, 4, 8))).toBe('o wo')
      expect(await text(logs.read(one, 6, 11))).toBe('world')
      expect(await logs.sizes([attempt(), one])).toEqual([0, 11])
    })

    test('a log of many pieces and segments has all its bytes, before and after it is sealed', async () => {
      const one = attempt()
      const log = logs.open(one)
      for (let at = 0; at < large.length; at += 65_536) await log.write(at, large.subarray(at, at + 65_536))
      const read = async (start: number, end: number) => {
        const pieces: Buffer[] = []
        for await (const piece of logs.read(one, start, end)) pieces.push(Buffer.from(piece))
        return Buffer.concat(pieces).equals(large.subarray(start, end))
      }
      const ranges: [number, number][] = [
        [0, large.length],
        [1_000_000, 1_200_000],
        [large.length - 10, large.length],
      ]
      for (const range of ranges) expect(await read(...range)).toBe(true)
      await log.seal()
      for (const range of ranges) expect(await read(...range)).toBe(true)
      await storage.tidy()
      for (const range of ranges) expect(await read(...range)).toBe(true)
      const scanned: Buffer[] = []
      for await (const piece of logs.scan(one, 7, large.length - 3)) scanned.push(Buffer.from(piece))
      expect(Buffer.concat(scanned).equals(large.subarray(7, -3))).toBe(true)
    })

    test('if bytes arrive twice at the same offset, the storage keeps them once', async () => {
      const one = attempt()
      const sizes = await Promise.all([
        logs.open(one).write(0, bytes('twice')),
        other.open(one).write(0, bytes('twice')),
      ])
      expect(sizes).toEqual([5, 5])
      expect(await text(logs.read(one, 0, 5))).toBe('twice')
    })

    test('a chunk that another server has stored is not stored again', async () => {
      const one = attempt()
      const chunk = (offset: number, content: string) => ({ offset, bytes: bytes(content), checksum: null })
      await appendChunk(logs.open(one), chunk(0, 'ours'), 1000)
      expect(await appendChunk(other.open(one), chunk(4, ' theirs'), 1000)).toEqual({ kind: 'ok', size: 11 })
      expect(await appendChunk(logs.open(one), chunk(4, ' theirs'), 1000)).toEqual({ kind: 'ok', size: 11 })
      expect(await appendChunk(logs.open(one), chunk(99, '!'), 1000)).toEqual({ kind: 'wrong-offset', size: 11 })
      expect(await appendChunk(logs.open(one), chunk(99, ''), 1000)).toEqual({ kind: 'ok', size: 11 })
    })

    test('the size is right after another server has changed the file', async () => {
      const one = attempt()
      const log = logs.open(one)
      await log.write(0, bytes('ours'))
      await other.open(one).write(4, bytes(' theirs'))
      expect([log.size, await log.refreshSize()]).toEqual([4, 11])
      await other.open(one).clear()
      expect(await log.refreshSize()).toBe(0)
      expect(await log.write(0, bytes('again'))).toBe(5)
      expect(await text(other.read(one, 0, 5))).toBe('again')
    })

    test('a log keeps its bytes after a restart', async () => {
      const one = attempt()
      await logs.open(one).write(0, bytes('before'))
      const next = await store.open()
      expect(await next.storage.logs.open(one).refreshSize()).toBe(6)
      await next.close()
    })

    test('the CRC of a log is known from the CRCs of its chunks, until a chunk arrives without a CRC', async () => {
      const one = attempt()
      const log = logs.open(one)
      const [first, second] = [large.subarray(0, 20_000), large.subarray(20_000, 50_000)]
      await log.write(0, first, new Cksum().update(first))
      await log.write(20_000, second, new Cksum().update(second))
      expect(log.crc?.digest()).toBe(cksum(large.subarray(0, 50_000)))
      await log.write(50_000, bytes(' three'))
      expect(log.crc).toBeUndefined()
    })

    describe('a compressed log', () => {
      const crc = { kind: 'crc' as const, value: String(cksum(large)) }
      const expected = { bytes: large.length, checksum: crc }
      const sealed = async () => {
        const one = attempt()
        await logs.open(one).write(0, large)
        await logs.open(one).seal()
        return one
      }
      const collect = async (pieces: AsyncIterable<Uint8Array>) => {
        const kept: Uint8Array[] = []
        for await (const piece of pieces) kept.push(Buffer.from(piece))
        return Buffer.concat(kept)
      }

      test('has the same bytes and size for all servers, and is one gzip file', async () => {
        const one = await sealed()
        expect(await logs.gzip(one)).toBeUndefined()
        expect(await logs.lineFeeds(one)).toBeUndefined()
        expect(await logs.pack(one, expected)).toBe('packed')
        for (const each of [logs, other]) {
          expect([await each.size(one), await each.sizes([attempt(), one])]).toEqual([large.length, [0, large.length]])
          for (const [start, end] of [
            [0, large.length],
            [blockBytes - 5, blockBytes + 5],
            [large.length - 10, large.length],
          ] as const) {
            expect((await collect(each.read(one, start, end))).equals(large.subarray(start, end))).toBe(true)
            expect((await collect(each.scan(one, start, end))).equals(large.subarray(start, end))).toBe(true)
          }
          const gzip = await each.gzip(one)
          const file = await collect(gzip?.read() ?? Readable.from([]))
          expect([file.length, gunzipSync(file).equals(large)]).toEqual([gzip?.bytes, true])
          expect(file.length).toBeLessThan(large.length / 10)
          expect((await each.lineFeeds(one))?.reduce((sum, count) => sum + count)).toBe(100_000)
        }
        expect(await other.pack(one, expected)).toBe('present')
        await storage.tidy()
        expect((await collect(logs.read(one, 7, 99))).equals(large.subarray(7, 99))).toBe(true)
      })

      test('has the same bytes if its index is only a small part of its file', async () => {
        const one = attempt()
        const random = Buffer.from(randomBytes(1_000_000).toString('hex'))
        await logs.open(one).write(0, random)
        await logs.open(one).seal()
        expect(await logs.pack(one, { bytes: random.length, checksum: null })).toBe('packed')
        expect((await collect(logs.read(one, 0, random.length))).equals(random)).toBe(true)
        expect(gunzipSync(await collect((await other.gzip(one))?.read() ?? Readable.from([]))).equals(random)).toBe(
          true,
        )
        expect((await collect(other.read(one, 1_500_000, 1_500_010))).toString()).toBe(
          random.toString('utf8', 1_500_000, 1_500_010),
        )
      })

      test.each([
        ['crc', { ...expected, checksum: { ...crc, value: '1' } }],
        ['md5', { ...expected, checksum: { kind: 'md5' as const, value: '0'.repeat(32) } }],
        ['size', { ...expected, bytes: large.length - 1 }],
      ])('is not made of a log with another %s than the host said', async (_, wrong) => {
        const one = await sealed()
        expect(await logs.pack(one, wrong)).toBe('differs')
        expect(await logs.gzip(one)).toBeUndefined()
        expect((await collect(logs.read(one, 0, large.length))).equals(large)).toBe(true)
      })

      test('does not disturb a reader of the log', async () => {
        const one = await sealed()
        const readers = [logs.read(one, 0, large.length), logs.scan(one, 0, large.length)].map(pieces =>
          pieces[Symbol.asyncIterator](),
        )
        const first = await Promise.all(readers.map(async reader => Buffer.from((await reader.next()).value)))
        expect(await logs.pack(one, expected)).toBe('packed')
        for (const [index, reader] of readers.entries()) {
          const rest = await collect({ [Symbol.asyncIterator]: () => reader })
          expect(Buffer.concat([first[index] as Buffer, rest]).equals(large)).toBe(true)
        }
      })

      test('is made later if the server stops meanwhile', async () => {
        const one = await sealed()
        await expect(logs.pack(one, expected, AbortSignal.abort())).rejects.toThrow('aborted')
        expect((await collect(logs.read(one, 0, large.length))).equals(large)).toBe(true)
        expect(await logs.pack(one, expected)).toBe('packed')
      })

      test('is not made of a small log, or without a log', async () => {
        const [small, none] = [attempt(), attempt()]
        await logs.open(small).write(0, large.subarray(0, packedBytesMin - 1))
        await logs.open(small).seal()
        expect(await logs.pack(small, { bytes: packedBytesMin - 1, checksum: null })).toBe('unsuitable')
        expect(await logs.pack(none, { bytes: packedBytesMin, checksum: null })).toBe('missing')
      })

      test('can be removed, and another log can take its place', async () => {
        const one = await sealed()
        await logs.pack(one, expected)
        await logs.open(one).clear()
        expect(await logs.size(one)).toBe(0)
        expect(await logs.open(one).write(0, bytes('again'))).toBe(5)
        expect(await text(logs.read(one, 0, 5))).toBe('again')
        const two = await sealed()
        await logs.pack(two, expected)
        await logs.remove(two)
        expect([await logs.size(two), await logs.gzip(two)]).toEqual([0, undefined])
      })
    })

    test('a file that does not exist has no bytes, and reading it fails', async () => {
      const one = attempt()
      expect(await logs.size(one)).toBe(0)
      await expect(text(logs.read(one, 0, 3))).rejects.toMatchObject({ code: 'ENOENT' })
      await logs.remove(one)
      await logs.open(one).seal()
      expect(await logs.size(one)).toBe(0)
    })

    test('a removed artifact has no bytes', async () => {
      const key = { ...attempt(), name: 'out/a.bin' }
      const file = storage.artifacts.open(key)
      await file.write(0, large)
      await file.seal()
      await storage.tidy()
      expect(await storage.artifacts.size(key)).toBe(large.length)
      await storage.artifacts.remove(key)
      expect(await storage.artifacts.size(key)).toBe(0)
    })

    test('the times of a log are in the order of their offsets', async () => {
      const one = attempt()
      await logs.open(one).write(0, bytes('a log'))
      expect(await storage.logTimes.read(one)).toEqual([])
      const times = [0, 100, 250].map(offset => ({ offset, at: 1_714_979_289_000 + offset }))
      for (const time of times) await storage.logTimes.add(one, time)
      await logs.open(one).seal()
      expect(await storage.logTimes.read(one)).toEqual(times)
    })
  })
