// Files that all servers share: PostgreSQL and the storage (s3rver) are real.
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startBucket, type TestBucket } from '../../../test/support/bucket.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { type Bucket, openBucket, openBucketStorage, type SharedFiles, type Storage } from '../../storage/src/index.ts'
import { type Db, openDatabase } from '../src/db/client.ts'
import { fileIndex } from '../src/db/file-index.ts'

let testBucket: TestBucket
let database: Awaited<ReturnType<typeof createTestDatabase>>
let db: Db
let bucket: Bucket
let storage: Storage
let shared: SharedFiles

beforeAll(async () => {
  testBucket = await startBucket()
  database = await createTestDatabase()
  db = openDatabase({ url: database.url, limits: { waitMs: 5_000, statementMs: 10_000 } })
  bucket = await openBucket(testBucket.place, testBucket.credentials)
  storage = openBucketStorage(bucket, fileIndex(db))
  shared = storage.shared as SharedFiles
})
afterAll(async () => {
  await storage.close()
  bucket.close()
  await db.close()
  await database.drop()
  await testBucket.close()
})

async function* bytes(content: string) {
  yield Buffer.from(content)
}
const tarball = (name: string) => `tarballs/00/${name}.tar.gz`
const cache = (name: string, size = 100) => shared.cache(tarball(name), bytes('x'.repeat(size)))
const hoursAgo = (hours: number, name = '%') => db.execute`
  UPDATE "CachedFile" SET "usedAt" = now() - make_interval(hours => ${hours}) WHERE "path" LIKE ${tarball(name)}`
const left = async () =>
  (
    await db.query<{ path: string }>`SELECT "path" FROM "StoredFile" WHERE "path" LIKE 'tarballs/%' ORDER BY "path"`
  ).map(({ path }) => path.slice('tarballs/00/'.length, -'.tar.gz'.length))
const total = async () => {
  const sums = await db.query<{ noted: number; real: number }>`
    SELECT COALESCE((SELECT "bytes"::int FROM "CachedTotal"), 0) AS noted,
           COALESCE((SELECT sum("bytes")::int FROM "CachedFile"), 0) AS real`
  expect(sums[0]?.noted).toBe(sums[0]?.real)
  return sums[0]?.noted
}
const objects = () =>
  readdirSync(testBucket.directory, { recursive: true, encoding: 'utf8' }).filter(
    path => path.includes('tarballs') && path.endsWith('_object'),
  ).length

beforeEach(async () => {
  await hoursAgo(99)
  await shared.makeRoom(0)
  expect([await total(), await left()]).toEqual([0, []])
})

test('if two servers make the same tarball, the bytes of the first one count', async () => {
  const stored = await Promise.all(['one', 'two'].map(content => shared.cache(tarball('a'), bytes(content))))
  expect([...stored].sort()).toEqual([false, true])
  const read = []
  for await (const piece of (await shared.read(tarball('a'))) ?? []) read.push(piece)
  expect(Buffer.concat(read).toString()).toBe(stored[0] ? 'one' : 'two')
  expect(await shared.read(tarball('b'))).toBeUndefined()
  expect(await total()).toBe(3)
})

test('the least recently used tarballs leave the bucket until the others are within the limit', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await cache(name)
  await storage.uploads?.open('1').write(0, Buffer.alloc(1000))
  await hoursAgo(9)
  await hoursAgo(12, 'b')
  await hoursAgo(11, 'd')
  await hoursAgo(10, 'a')
  expect(await shared.use(tarball('d'))).toBeDefined()
  await shared.makeRoom(300)
  expect([await left(), await total()]).toEqual([['c', 'd', 'e'], 300])
  await shared.makeRoom(300)
  expect(await left()).toEqual(['c', 'd', 'e'])
  expect(await shared.use(tarball('a'))).toBeUndefined()
  expect(await storage.uploads?.size('1')).toBe(1000)

  const before = objects()
  await db.execute`UPDATE "OutdatedObject" SET "deleteAt" = now() - interval '1 second'`
  await storage.tidy()
  expect(before - objects()).toBeGreaterThanOrEqual(2)
  expect(await cache('a')).toBe(true)
})

test('a tarball that was used in the last minute stays, also beyond the limit', async () => {
  await cache('a')
  await cache('b')
  await hoursAgo(1, 'a')
  await shared.makeRoom(0)
  expect([await left(), await total()]).toEqual([['b'], 100])
})

test('if servers remove, add and use tarballs at once, the total stays right', async () => {
  for (let n = 0; n < 30; n++) await cache(`old-${n}`)
  await hoursAgo(2)
  const other = openBucketStorage(bucket, fileIndex(db)).shared as SharedFiles
  await Promise.all([
    ...[shared, other, shared, other].map(each => each.makeRoom(1000)),
    ...[1, 2, 3, 4, 5].flatMap(n => [cache(`new-${n}`), cache(`new-${n}`), shared.use(tarball(`old-${n}`))]),
  ])
  await total()
  await shared.makeRoom(1000)
  expect(await total()).toBeLessThanOrEqual(1000)
})

test('a tarball of a server of an earlier version counts from its next use on', async () => {
  await shared.cache(tarball('a'), bytes('abc'))
  await db.execute`DELETE FROM "CachedFile"`
  await db.execute`DELETE FROM "CachedTotal"`
  expect(await total()).toBe(0)
  const names = [await shared.use(tarball('a')), await shared.use(tarball('a'))]
  expect(names).toEqual([expect.stringContaining(tarball('a')), names[0]])
  expect(await total()).toBe(3)
})

test('a tarball whose row somebody deleted is stored again and counts once', async () => {
  await cache('a')
  await db.execute`DELETE FROM "StoredFile" WHERE "path" = ${tarball('a')}`
  expect(await shared.use(tarball('a'))).toBeUndefined()
  await cache('a', 70)
  expect(await total()).toBe(70)
})

test('a tarball that the bucket has lost is stored again', async () => {
  await cache('a')
  await bucket.remove((await shared.use(tarball('a'))) ?? '')
  expect(await shared.read(tarball('a'))).toBeUndefined()
  expect(await cache('a', 70)).toBe(true)
  const read = []
  for await (const piece of (await shared.read(tarball('a'))) ?? []) read.push(piece)
  expect([Buffer.concat(read).length, await total()]).toEqual([70, 70])
})

test('one removal removes as many tarballs as the limit needs', async () => {
  await db.execute`
    INSERT INTO "CachedFile" ("path", "bytes", "usedAt")
    SELECT 'tarballs/00/many-' || n || '.tar.gz', 1, now() - make_interval(hours => 3, secs => -n) FROM generate_series(1, 1200) n`
  await db.execute`UPDATE "CachedTotal" SET "bytes" = "bytes" + 1200`
  await shared.makeRoom(10)
  expect(await total()).toBe(10)
})
