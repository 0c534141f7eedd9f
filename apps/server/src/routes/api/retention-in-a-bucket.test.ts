// Retention of a farm whose files are in a bucket. PostgreSQL and the storage (s3rver) are real.
import { readdirSync } from 'node:fs'
import { expect, vi } from 'vitest'
import type { TestBucket } from '../../../../../test/support/bucket.ts'
import { bucketServerTest, type TestHost, type TestServer } from '../../server.fixture.ts'

const day = 86_400
const keep = { logsDays: 90, failedLogsDays: 90, artifactsDays: 30, failedArtifactsDays: 30, lastPerCell: 1 }
/** More than PostgreSQL keeps of a file, so it comes in two segments. */
const log = 'a line of a log\n'.repeat(150_000)
const half = log.length / 2
const artifacts = { 'a.txt': Buffer.from('12345'), 'dir/b.txt': Buffer.alloc(1_500_000, 'b') }

/** The only job of a new build runs. */
async function run({ farm, repository, build, wait }: TestServer, host: TestHost, subject: string): Promise<void> {
  const { jobs = [] } = (await farm.builds.find(await build(repository.commit(subject)))) ?? {}
  const offer = await host.take(`${jobs[0]?.id}.1`)
  await host.say(offer, log.slice(0, half))
  wait(30)
  await host.say(offer, log.slice(half), half)
  await host.end(offer, { log, exits: [0, 0], artifacts })
}

const configure = async (server: TestServer) => {
  await server.configure({ artifacts: ['*'], keep })
  return server.host('vax')
}

async function expire({ farm, sql }: TestServer): Promise<void> {
  await sql('DELETE FROM "Examination"')
  for (const of of await farm.retention.projects()) while (await farm.retention.expireFiles(of));
  while (await farm.retention.deleteFiles());
}

/** The objects of a job, without the random part of their names. */
const objects = ({ directory }: TestBucket, jobId: number) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(path => path.includes(`/0/${jobId}.`) && path.endsWith('_object'))
    .map(path => path.replace(/.*\/0\//, '').replace(/~.*/, ''))
    .sort()
const isPacked = (server: TestServer, jobId: number) => async () =>
  (await server.sql(`SELECT FROM "StoredFile" WHERE "object" IS NULL AND "path" LIKE '%/${jobId}.%'`)).length === 0
/** No reader of an outdated object is left. */
async function tidy({ farm, sql }: TestServer): Promise<void> {
  await sql(`UPDATE "OutdatedObject" SET "deleteAt" = now() - interval '1 second'`)
  await farm.tidyStorage()
}
/** What PostgreSQL has of the files of a job. */
const rows = async ({ sql }: TestServer, jobId: number) =>
  (
    await sql(`SELECT "path" FROM (SELECT "path" FROM "StoredFile" UNION SELECT "path" FROM "StoredPiece" UNION SELECT "path" FROM "StoredSegment") files
      WHERE "path" LIKE '%/${jobId}.%' ORDER BY 1`)
  ).map(({ path }) => String(path).replace(/.*\//, ''))
const answer = async (server: TestServer, url: string) => {
  const { statusCode, body } = await server.ask(url)
  return [statusCode, body.startsWith('{') ? JSON.parse(body).type?.split(':').at(-1) : body.length]
}

const names = ['1.log', '1.times', '1.artifacts/a.txt', '1.artifacts/dir,b.txt']
const packed = (jobId: number) => names.map(name => `${jobId}.${name}`).sort()

bucketServerTest(
  'expired artifacts and logs leave the bucket, and their addresses answer 410',
  async ({ server, testBucket }) => {
    const vax = await configure(server)
    for (const subject of ['Second', 'Third']) await run(server, vax, subject)
    for (const jobId of [1, 2]) await vi.waitUntil(isPacked(server, jobId), { timeout: 20_000 })
    await tidy(server)
    expect([objects(testBucket, 1), objects(testBucket, 2)]).toEqual([packed(1), packed(2)])

    await expire(server) // notes since when the project has this `keep`
    server.wait(31 * day)
    await expire(server)
    await tidy(server)
    expect(objects(testBucket, 1)).toEqual(['1.1.log', '1.1.times'])
    expect(await answer(server, '/api/v1/jobs/1/log')).toEqual([200, log.length])
    expect(await answer(server, '/api/v1/jobs/1/artifacts/dir/b.txt')).toEqual([410, 'artifact-expired'])

    server.wait(60 * day)
    await expire(server)
    expect(await answer(server, '/api/v1/jobs/1/log')).toEqual([410, 'log-expired'])
    expect((await server.ask('/jobs/1')).body).toContain('The log expired on')
    await tidy(server)
    expect([objects(testBucket, 1), await rows(server, 1)]).toEqual([[], []])
    expect(objects(testBucket, 2)).toEqual(packed(2))
    expect(await answer(server, '/api/v1/jobs/2/artifacts/dir/b.txt')).toEqual([200, 1_500_000])
  },
)

bucketServerTest(
  'files also expire while the bucket is away, and before the server has packed them',
  async ({ server, testBucket }) => {
    const vax = await configure(server)
    const { farm, build } = server
    const { jobs = [] } = (await farm.builds.find(await build())) ?? {}
    const offer = await vax.take(`${jobs[0]?.id}.1`)
    await vax.say(offer, log.slice(0, half))
    testBucket.goAway()
    await vax.end(offer, { log: log.slice(0, half), exits: [0, 0] })
    testBucket.comeBack()
    await run(server, vax, 'Second')
    await expire(server)
    await vi.waitUntil(isPacked(server, 2), { timeout: 20_000 })
    testBucket.goAway()
    server.wait(91 * day)
    await expire(server)
    expect(await answer(server, '/api/v1/jobs/1/log')).toEqual([410, 'log-expired'])
    expect(await rows(server, 1)).toEqual([])
    await expect(tidy(server)).rejects.toThrow()
    expect(objects(testBucket, 1).length).toBeGreaterThan(0)
    testBucket.comeBack()
    await vi.waitFor(() => tidy(server), { timeout: 20_000 }) // an error of the time before comes once more
    expect(objects(testBucket, 1)).toEqual([])
  },
)
