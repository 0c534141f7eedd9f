// A bucket that has lost objects, for example after the restore of an older database, or that does not answer. PostgreSQL and
// the storage are real.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { TestBucket } from '../../../../../test/support/bucket.ts'
import { bucketServerTest, type TestHost, type TestServer } from '../../server.fixture.ts'

const log = 'a line of a log\n'.repeat(150_000)

async function run(host: TestHost, attempt: string, exits: number[]): Promise<void> {
  const offer = await host.take(attempt)
  await host.say(offer, log)
  await host.end(offer, { log, exits, artifacts: { 'a.txt': Buffer.from('12345') } })
}

/** Deletes the objects of the first job. */
async function loseObjects({ sql }: TestServer, { directory }: TestBucket): Promise<void> {
  const unpacked = `SELECT FROM "StoredFile" WHERE "object" IS NULL`
  await vi.waitUntil(async () => (await sql(unpacked)).length === 0, { timeout: 20_000 })
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    if (path.includes('/0/1.1.')) rmSync(join(directory, path), { force: true, recursive: true })
}

bucketServerTest(
  'if the bucket has lost the files of a job, its page says so, and the API answers 404',
  async ({ server, testBucket }) => {
    await server.configure({ artifacts: ['*'] })
    const vax = await server.host('vax')
    await server.build()
    await run(vax, '1.1', [0, 2])
    await loseObjects(server, testBucket)

    const answer = async (url: string, headers: Record<string, string> = {}) => {
      const { statusCode, body, headers: got } = await server.ask({ url, headers })
      return [statusCode, got['content-encoding'], JSON.parse(body).type.split(':').at(-1)]
    }
    const job = '/api/v1/jobs/1'
    expect(await answer(`${job}/log`)).toEqual([404, undefined, 'log-gone'])
    expect(await answer(`${job}/log`, { 'accept-encoding': 'gzip' })).toEqual([404, undefined, 'log-gone'])
    expect(await answer(`${job}/log/lines?first=1000`)).toEqual([404, undefined, 'log-gone'])
    expect(await answer(`${job}/artifacts/a.txt`)).toEqual([404, undefined, 'artifact-gone'])
    for (const page of ['/jobs/1', '/jobs/1?find=line', '/jobs/1?times'])
      expect(await server.ask(page)).toMatchObject({
        statusCode: 200,
        body: expect.stringContaining('The farm no longer has 2.4 MB of this log.'),
      })
  },
)

bucketServerTest(
  'a failure is examined although the bucket has lost the log of the last good job',
  async ({ server, testBucket }) => {
    const { farm, build, repository } = server
    await server.configure({ artifacts: ['*'] })
    const vax = await server.host('vax')
    await build()
    await run(vax, '1.1', [0, 0])
    await loseObjects(server, testBucket)
    await build(repository.commit('Second'))
    await run(vax, '2.1', [2])
    await farm.failures.examine({ jobId: 2, number: 1 })
    expect(await server.sql(`SELECT FROM "Examination" WHERE "jobId" = 2`)).toEqual([])
    expect(await server.sql(`SELECT "step" FROM "Failure" WHERE "jobId" = 2`)).toEqual([{ step: 'build' }])
  },
)

bucketServerTest(
  'while the bucket does not answer, the page of a job shows all except its log',
  async ({ server, testBucket }) => {
    await server.configure({ artifacts: ['*'] })
    const vax = await server.host('vax')
    await server.build()
    await run(vax, '1.1', [0, 2])
    testBucket.goAway()
    for (const page of ['/jobs/1', '/jobs/1?find=line', '/jobs/1?times']) {
      const { statusCode, body } = await server.ask(page)
      expect(statusCode).toBe(200)
      expect(body).toContain('The bucket of the farm does not answer, so this page cannot show the log.')
      expect(body).toContain('a.txt')
      expect(body).not.toMatch(/no longer has|No output/)
    }
    testBucket.comeBack()
    const { body } = await server.ask('/jobs/1')
    expect(body).toContain('a line of a log')
    expect(body).not.toContain('does not answer')
  },
)
