// What every store must do. Tests call `storeContract` with a directory, and with buckets of several storages.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Cksum, cksum } from '@rumpfarm/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import {
  appendChunk,
  type BucketPlace,
  type Credentials,
  openBucket,
  openBucketStorage,
  openDirectoryStorage,
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
      const crcOf = (content: string) => new Cksum().update(bytes(content))
      await log.write(0, bytes('one '), crcOf('one '))
      await log.write(4, bytes('two'), crcOf('two'))
      expect(log.crc?.digest()).toBe(cksum(bytes('one two')))
      await log.write(7, bytes(' three'))
      expect(log.crc).toBeUndefined()
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
