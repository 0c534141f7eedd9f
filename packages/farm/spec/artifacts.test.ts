import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import {
  attemptOf,
  commitOf,
  crcOf,
  farmTest,
  type HostHandle,
  leaseSeconds,
  project,
  type TestFarm,
} from './farm-test.ts'

/** The limit for artifacts of the project `sample`. */
const bytesMax = 1000

const running = async (farm: TestFarm): Promise<[HostHandle, Offer]> => {
  await farm.configure(project({ artifacts: ['dist/*'] }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  return [vax, (await vax.claim(1)) as Offer]
}

type Sent = Parameters<TestFarm['attempts']['storeArtifact']>[0]

const wrongCrc = { kind: 'crc', value: '1' } as const

/** Sends bytes of a file; by default the whole file. */
function send(
  farm: TestFarm,
  host: HostHandle,
  offer: Offer,
  name: string,
  bytes: Buffer,
  changes: Partial<Sent> = {},
) {
  const held = { ...attemptOf(offer), hostId: host.id, lease: offer.lease }
  return farm.attempts.storeArtifact({
    ...held,
    name,
    size: bytes.length,
    offset: 0,
    bytes,
    checksum: crcOf(bytes),
    ...changes,
  })
}

const reported = (name: string, bytes: Buffer) => ({ name, bytes: bytes.length, checksum: crcOf(bytes) })

const finish = (
  farm: TestFarm,
  host: HostHandle,
  offer: Offer,
  artifacts: ReturnType<typeof reported>[],
  left: string[] = [],
) =>
  farm.attempts.finish({
    ...attemptOf(offer),
    hostId: host.id,
    lease: offer.lease,
    reason: 'exit',
    steps: [0, 0, 2].map(exit => ({ exit, milliseconds: 1, logBytes: 0 })),
    logBytes: 0,
    checksum: null,
    artifacts,
    artifactsLeft: left,
  })

const contents = async (farm: TestFarm, offer: Offer, name: string) => {
  const key = { ...attemptOf(offer), name }
  return buffer(farm.attempts.readArtifact(key, 0, await farm.attempts.artifactSize(key)))
}

const kept = async (farm: TestFarm) => (await farm.builds.findJob(1))?.attempts[0]?.artifacts.map(({ name }) => name)

const binary = Buffer.from(Array.from({ length: 700 }, (_, i) => (i * 31) & 255))
const letters = Buffer.from('abcdefghij')

farmTest('a host sends a file in chunks, and after the finish message the job lists the file', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  const piece = (from: number, to: number) => {
    const bytes = binary.subarray(from, to)
    return send(farm, vax, offer, 'dist/a.bin', bytes, { offset: from, size: binary.length })
  }
  expect(await piece(0, 0)).toEqual({ kind: 'ok', size: 0 })
  expect(await piece(0, 333)).toEqual({ kind: 'ok', size: 333 })
  expect(await piece(0, 333)).toEqual({ kind: 'wrong-offset', size: 333 })
  expect(await piece(400, 700)).toEqual({ kind: 'wrong-offset', size: 333 })
  expect(await piece(333, 700)).toEqual({ kind: 'ok', size: 700 })
  expect(await piece(0, 0)).toEqual({ kind: 'ok', size: 700 })
  expect(await kept(farm)).toEqual([])

  expect(await finish(farm, vax, offer, [reported('dist/a.bin', binary)])).toEqual({
    kind: 'finished',
    verdict: 'failed',
  })
  expect((await farm.builds.findJob(1))?.attempts[0]?.artifacts).toEqual([
    { name: 'dist/a.bin', bytes: 700, sha256: createHash('sha256').update(binary).digest('hex') },
  ])
  expect((await contents(farm, offer, 'dist/a.bin')).equals(binary)).toBe(true)
  expect(await finish(farm, vax, offer, [reported('dist/a.bin', binary)])).toEqual({
    kind: 'finished',
    verdict: 'failed',
  })
})

farmTest(
  'if a chunk arrives twice at the same moment, the farm stores it once; the farm also stores an empty file',
  async ({ farm }) => {
    const [vax, offer] = await running(farm)
    await Promise.all([send(farm, vax, offer, 'a', letters), send(farm, vax, offer, 'a', letters)])
    expect((await contents(farm, offer, 'a')).toString()).toBe('abcdefghij')
    await send(farm, vax, offer, 'empty', Buffer.alloc(0))
    await finish(farm, vax, offer, [reported('a', letters), reported('empty', Buffer.alloc(0))])
    expect(await kept(farm)).toEqual(['a', 'empty'])
  },
)

farmTest('the answer to a finish message names the first missing, incomplete or different file', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await send(farm, vax, offer, 'whole', letters)
  const incomplete = (name: string, size: number) => ({ kind: 'artifact-incomplete', name, size })
  const all = [reported('whole', letters), reported('part', letters)]
  expect(await finish(farm, vax, offer, all)).toEqual(incomplete('part', 0))
  await send(farm, vax, offer, 'part', letters.subarray(0, 3), { size: letters.length })
  expect(await finish(farm, vax, offer, all)).toEqual(incomplete('part', 3))

  await send(farm, vax, offer, 'part', Buffer.from('0123456'), { offset: 3, size: letters.length })
  expect(await finish(farm, vax, offer, all)).toEqual(incomplete('part', 0))
  expect(await farm.verdicts()).toEqual(['leased'])
  await send(farm, vax, offer, 'part', letters)
  expect(await finish(farm, vax, offer, all)).toMatchObject({ kind: 'finished' })
  expect(await kept(farm)).toEqual(['part', 'whole'])
})

farmTest('if a host declares another size for a file, the farm drops the stored bytes', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await send(farm, vax, offer, 'a', letters)
  expect(await send(farm, vax, offer, 'a', Buffer.alloc(0), { size: 3 })).toEqual({ kind: 'ok', size: 0 })
  await send(farm, vax, offer, 'a', Buffer.from('xyz'))
  expect((await contents(farm, offer, 'a')).toString()).toBe('xyz')
})

farmTest('the farm rejects a chunk with a wrong checksum, and a chunk beyond the end of its file', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  expect(await send(farm, vax, offer, 'a', letters, { checksum: wrongCrc })).toEqual({ kind: 'wrong-sum' })
  expect(await send(farm, vax, offer, 'a', letters, { size: 9 })).toEqual({ kind: 'too-long' })
  expect(await farm.attempts.artifactSize({ ...attemptOf(offer), name: 'a' })).toBe(0)
})

farmTest(
  'the farm refuses a file if the files of the attempt would exceed the limit of the recipe',
  async ({ farm }) => {
    const [vax, offer] = await running(farm)
    expect(await send(farm, vax, offer, 'large', Buffer.alloc(0), { size: bytesMax + 1 })).toEqual({
      kind: 'refused',
      why: 'it has 1001 bytes; limits.artifacts is 1000',
    })
    expect(await send(farm, vax, offer, 'a', binary)).toMatchObject({ kind: 'ok' })
    expect(await send(farm, vax, offer, 'b', binary)).toMatchObject({ kind: 'refused' })
    expect(await send(farm, vax, offer, 'c', binary.subarray(0, 300))).toMatchObject({ kind: 'ok' })
    const left = ['large: it has 1001 bytes', 'b: no']
    await finish(farm, vax, offer, [reported('a', binary), reported('c', binary.subarray(0, 300))], left)
    expect((await farm.builds.findJob(1))?.attempts[0]).toMatchObject({
      verdict: 'failed',
      artifactNote: 'large: it has 1001 bytes\nb: no',
    })
  },
)

farmTest('if several files arrive at once, the farm stores only files within the limit', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  const names = ['a', 'b', 'c', 'd']
  const outcomes = await Promise.all(names.map(name => send(farm, vax, offer, name, binary)))
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['ok', 'refused', 'refused', 'refused'])
})

farmTest('an attempt has at most a hundred files', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  for (let i = 0; i < 100; i++)
    expect(await send(farm, vax, offer, `f${i}`, Buffer.alloc(0))).toMatchObject({ kind: 'ok' })
  expect(await send(farm, vax, offer, 'one-more', Buffer.alloc(0))).toMatchObject({ kind: 'refused' })
  expect(await send(farm, vax, offer, 'f99', Buffer.alloc(0))).toMatchObject({ kind: 'ok' })
})

/** Stores empty files with test results, without their requests. */
const storeResults = (farm: TestFarm, count: number) =>
  farm.sql(
    `INSERT INTO "Artifact" ("jobId", "number", "name", "bytes", "isResult")
     SELECT 1, 1, 'reports/' || n || '.xml', 0, true FROM generate_series(1, $1::int) n`,
    [count],
  )

farmTest(
  'files with test results have a limit of their own, and a job can end with 2,000 of them',
  async ({ farm }) => {
    await farm.configure(project({ artifacts: ['dist/*'], results: [{ files: 'reports/*.xml' }] }))
    const vax = await farm.host('vax')
    await farm.build(commitOf('a'))
    const offer = (await vax.claim(1)) as Offer
    expect([offer.uploads, offer.uploadsMax]).toEqual([['dist/*', 'reports/*.xml'], 2200])
    const empty = Buffer.alloc(0)
    await storeResults(farm, 1999)
    expect(await send(farm, vax, offer, 'dist/a', empty)).toMatchObject({ kind: 'ok' })
    expect(await send(farm, vax, offer, 'reports/2000.xml', empty)).toMatchObject({ kind: 'ok' })
    expect(await send(farm, vax, offer, 'reports/more.xml', empty)).toMatchObject({
      why: '2000 files with test results are already stored, which is the maximum',
    })
    const names = ['dist/a', ...Array.from({ length: 2000 }, (_, i) => `reports/${i + 1}.xml`)]
    const all = names.map(name => reported(name, empty))
    expect(await finish(farm, vax, offer, all)).toMatchObject({ kind: 'finished' })
    expect(await kept(farm)).toHaveLength(2001)
  },
)

farmTest('if the recipe names no artifacts, the farm stores none', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  expect(await send(farm, vax, offer, 'a', letters)).toEqual({ kind: 'refused', why: 'the recipe names no artifacts' })
})

farmTest('the farm rejects a file that another host sends, or that comes with a wrong lease', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  const alpha = await farm.host('alpha')
  expect(await send(farm, vax, { ...offer, lease: 'ffff' }, 'a', letters)).toEqual({ kind: 'lease-lost' })
  expect(await send(farm, alpha, offer, 'a', letters)).toEqual({ kind: 'unknown' })
  await send(farm, vax, offer, 'a', letters)
  await finish(farm, vax, offer, [])
  expect(await send(farm, vax, offer, 'b', letters)).toEqual({ kind: 'lease-lost' })
})

farmTest('the farm stores no artifacts of a cancelled job', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await send(farm, vax, offer, 'a', letters.subarray(0, 4), { size: letters.length })
  await farm.builds.cancelJob(1)
  farm.attempts.dropCached(offer.attempt) // the server does this at the event "revoked"
  const rest = { offset: 4, size: letters.length }
  expect(await send(farm, vax, offer, 'a', letters.subarray(4), rest)).toEqual({
    kind: 'refused',
    why: 'the job was cancelled',
  })
  await farm.end(vax, offer, { exits: [], reason: 'cancelled' })
  expect([await kept(farm), await farm.attempts.artifactSize({ ...attemptOf(offer), name: 'a' })]).toEqual([[], 0])
})

farmTest('the farm drops a stored file that the finish message does not list', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  await send(farm, vax, offer, 'a', letters)
  await send(farm, vax, offer, 'b', letters)
  await finish(farm, vax, offer, [reported('a', letters)])
  expect(await kept(farm)).toEqual(['a'])
  const size = (name: string) => farm.attempts.artifactSize({ ...attemptOf(offer), name })
  expect([await size('a'), await size('b')]).toEqual([10, 0])
})

farmTest('a chunk of a file renews the lease, and the farm drops the files of a lost attempt', async ({ farm }) => {
  const [vax, offer] = await running(farm)
  for (let offset = 0; offset < 10; offset++) {
    const piece = letters.subarray(offset, offset + 1)
    expect(await send(farm, vax, offer, 'slow', piece, { offset, size: 10 })).toMatchObject({ kind: 'ok' })
    farm.wait(leaseSeconds / 2)
  }
  await farm.attempts.expireLeases()
  expect(await farm.verdicts()).toEqual(['leased'])

  farm.wait(leaseSeconds + 601)
  await farm.attempts.expireLeases()
  expect((await farm.builds.findJob(1))?.attempts.at(-1)).toMatchObject({ verdict: 'lost', artifacts: [] })
  expect(await farm.attempts.artifactSize({ ...attemptOf(offer), name: 'slow' })).toBe(0)
})
