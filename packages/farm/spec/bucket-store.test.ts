// A bucket that fails, and servers that die between two steps. PostgreSQL and the storage (s3rver) are real.
import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { buffer, text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBucket, type TestBucket } from '../../../test/support/bucket.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import {
  appendChunk,
  type Bucket,
  type FileIndex,
  isStorageAway,
  openBucket,
  openBucketStorage,
  type Storage,
} from '../../storage/src/index.ts'
import { type Db, openDatabase } from '../src/db/client.ts'
import { fileIndex } from '../src/db/file-index.ts'

let testBucket: TestBucket
let database: Awaited<ReturnType<typeof createTestDatabase>>
let db: Db
let bucket: Bucket
let index: FileIndex
let storage: Storage
let jobId = 0
const attempt = () => ({ jobId: ++jobId, number: 1 })
const part = 'a line of a log\n'.repeat(40_000) // 640,000 bytes
const chunk = (offset: number, content: string) => ({ offset, bytes: Buffer.from(content), checksum: null })
const objects = (name: string) =>
  readdirSync(testBucket.directory, { recursive: true, encoding: 'utf8' }).filter(
    path => path.includes(`${name}~`) && path.endsWith('_object'),
  ).length
/** Makes all objects that no file names old enough to be deleted. */
const passTime = () => db.execute`UPDATE "OutdatedObject" SET "deleteAt" = now() - interval '1 second'`

/** A server that dies at one step: this step and all later ones fail. */
const dyingAt = (step: keyof FileIndex) => {
  const dying: FileIndex = { ...index, [step]: () => Promise.reject(new Error('the server has died')) }
  return openBucketStorage(bucket, dying)
}

beforeAll(async () => {
  testBucket = await startBucket()
  database = await createTestDatabase()
  db = openDatabase({ url: database.url, limits: { waitMs: 5_000, statementMs: 10_000 } })
  bucket = await openBucket(testBucket.place, testBucket.credentials)
  index = fileIndex(db)
  storage = openBucketStorage(bucket, index)
})
afterAll(async () => {
  await storage.close()
  bucket.close()
  await db.close()
  await database.drop()
  await testBucket.close()
})

test('PostgreSQL keeps less than 1 MiB of a log; without the bucket, the storage takes no more, and later nothing is lost', async () => {
  const one = attempt()
  const log = () => storage.logs.open(one)
  await appendChunk(log(), chunk(0, part), 1e9)
  testBucket.goAway()
  const refused = await appendChunk(log(), chunk(part.length, part), 1e9).catch((error: Error) => error)
  expect([isStorageAway(refused), String(refused)]).toEqual([true, expect.stringContaining('the bucket does not take')])
  expect(String(refused)).not.toMatch(/S3RVER|127\.0\.0\.1:9/)
  expect(await storage.logs.size(one)).toBe(part.length)
  expect(await appendChunk(log(), chunk(part.length, 'short\n'), 1e9)).toMatchObject({ kind: 'ok' })
  expect(await text(storage.logs.read(one, 0, part.length + 6))).toBe(`${part}short\n`)
  testBucket.comeBack()
  expect(await appendChunk(log(), chunk(part.length + 6, part), 1e9)).toMatchObject({ kind: 'ok' })
  expect(await text(storage.logs.read(one, 0, 2 * part.length + 6))).toBe(`${part}short\n${part}`)
  const [row] = await db.query<{
    bytes: number
  }>`SELECT count(*)::int AS "bytes" FROM "StoredPiece" WHERE "path" = '0/1.1.log'`
  expect(row).toEqual({ bytes: 0 })
})

test('after a server has died between the upload and the row, a repeated message stores the bytes once, and the first object is deleted', async () => {
  const one = attempt()
  await storage.logs.open(one).write(0, Buffer.from(part))
  await expect(dyingAt('addSegment').logs.open(one).write(part.length, Buffer.from(part))).rejects.toThrow('died')
  expect(await storage.logs.size(one)).toBe(part.length)
  expect(await appendChunk(storage.logs.open(one), chunk(part.length, part), 1e9)).toEqual({
    kind: 'ok',
    size: 2 * part.length,
  })
  expect(await text(storage.logs.read(one, 0, 2 * part.length))).toBe(part + part)
  expect(objects(`${jobId}.1.log`)).toBe(2)
  await passTime()
  await storage.tidy()
  expect(objects(`${jobId}.1.log`)).toBe(1)
  expect(await text(storage.logs.read(one, 0, 2 * part.length))).toBe(part + part)
})

test('all outdated objects are deleted at once, so that deletions keep up with a farm of five million jobs a day', async () => {
  await storage.tidy()
  await db.execute`
    INSERT INTO "OutdatedObject" ("object", "deleteAt")
    SELECT 'outdated/' || n, now() - interval '1 second' FROM generate_series(1, 1200) n`
  await storage.tidy()
  expect(await db.query`SELECT count(*)::int AS "left" FROM "OutdatedObject" WHERE "deleteAt" < now()`).toEqual([
    { left: 0 },
  ])
})

test('two servers that get the same large chunk at once store it once', async () => {
  const one = attempt()
  const other = openBucketStorage(bucket, index)
  await storage.logs.open(one).write(0, Buffer.from(part))
  const outcomes = await Promise.all(
    [storage, other].map(each => appendChunk(each.logs.open(one), chunk(part.length, part), 1e9)),
  )
  for (const outcome of outcomes) expect(outcome).toMatchObject({ size: 2 * part.length })
  expect(await text(storage.logs.read(one, 0, 2 * part.length))).toBe(part + part)
  await other.close()
})

test('a server packs the file that another server sealed and left', async () => {
  const one = attempt()
  const path = `0/${jobId}.1.log`
  const dying = dyingAt('pack')
  for (let at = 0; at < 4; at++) await dying.logs.open(one).write(at * part.length, Buffer.from(part))
  await dying.logs.open(one).seal()
  await dying.close()
  await db.execute`UPDATE "StoredFile" SET "sealedAt" = now() - interval '2 hours' WHERE "path" = ${path}`
  await storage.tidy()
  expect((await index.find(path))?.object).toMatch(path)
  expect(await text(storage.logs.read(one, 0, 4 * part.length))).toBe(part.repeat(4))
  await passTime()
  await storage.tidy()
  expect(objects(`${jobId}.1.log`)).toBe(1)
  expect(await text(storage.logs.read(one, 0, 4 * part.length))).toBe(part.repeat(4))
})

test('a reader goes on while the log that it reads is packed', async () => {
  const one = attempt()
  for (let at = 0; at < 4; at++) await storage.logs.open(one).write(at * part.length, Buffer.from(part))
  const pieces = storage.logs.scan(one, 0, 4 * part.length)[Symbol.asyncIterator]()
  let read = Buffer.from((await pieces.next()).value as Uint8Array).toString()
  await storage.logs.open(one).seal()
  expect(await storage.logs.pack(one, { bytes: 4 * part.length, checksum: null })).toBe('packed')
  expect((await index.find(`0/${jobId}.1.log`))?.object).toMatch(/\.gz$/)
  for (let next = await pieces.next(); !next.done; next = await pieces.next())
    read += Buffer.from(next.value).toString()
  expect(read).toBe(part.repeat(4))
})

test('a compressed log whose object has other bytes gives an error that names the object and the bytes', async () => {
  const one = attempt()
  for (let at = 0; at < 2; at++) await storage.logs.open(one).write(at * part.length, Buffer.from(part))
  await storage.logs.open(one).seal()
  await storage.logs.pack(one, { bytes: 2 * part.length, checksum: null })
  const object = (await index.find(`0/${jobId}.1.log`))?.object as string
  const bytes = await buffer(await bucket.get(object))
  bytes.writeUInt8(bytes.readUInt8(400) ^ 0xff, 400)
  await bucket.put(object, bytes)
  const error = await text(storage.logs.read(one, 0, 100)).catch((caught: Error) => caught.message)
  expect(error).toBe(`the stored log ${object} cannot be read: its bytes 0 to ${512 * 1024 - 1} are damaged`)
  expect(await text(storage.logs.read(one, 600_000, 600_016))).toBe(part.slice(0, 16))
})

test('if the connection breaks in the middle of an object, its reader learns that the bucket is away', async () => {
  await bucket.put('large', Buffer.alloc(30_000_000))
  const pieces = (await bucket.get('large'))[Symbol.asyncIterator]()
  await pieces.next()
  testBucket.goAway()
  const readRest = async () => {
    while (!(await pieces.next()).done);
  }
  const error = await readRest().catch((caught: Error) => caught)
  testBucket.comeBack()
  expect([isStorageAway(error), String(error)]).toEqual([true, expect.stringContaining('the request get')])
})

test('a sealed file takes no more bytes', async () => {
  const one = attempt()
  await storage.logs.open(one).write(0, Buffer.from('done'))
  await storage.logs.open(one).seal()
  expect(await storage.logs.open(one).write(4, Buffer.from(' more'))).toBe(4)
})

test('a bucket with many objects answers a ping', async () => {
  for (const name of ['a', 'b', 'c']) await bucket.put(`tarballs/${name}`, Buffer.from(name))
  await bucket.ping()
})

test('an object of 20 MB is uploaded in parts, and read by ranges', async () => {
  const key = { ...attempt(), name: 'big' }
  const block = Buffer.alloc(1_000_000, randomUUID())
  const file = storage.artifacts.open(key)
  for (let at = 0; at < 20; at++) await file.write(at * block.length, block)
  await file.seal()
  await storage.close()
  storage = openBucketStorage(bucket, index)
  expect((await index.find(`0/${jobId}.1.artifacts/big`))?.object).not.toBeNull()
  const range = await text(storage.artifacts.read(key, 8_388_600, 8_388_620))
  const wanted = Buffer.concat([block, block]).subarray(388_600, 388_620).toString()
  expect(range).toBe(wanted)
})
