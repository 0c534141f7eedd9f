// Logs, artifacts and tarballs in a bucket, with a real server and real agents. The bucket is s3rver behind a proxy.
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AgentHost } from '../support/agent-host.ts'
import { startBucket, type TestBucket } from '../support/bucket.ts'
import { TestFarm } from '../support/farm-fixture.ts'
import type { LogLine } from '../support/server-process.ts'
import { eventually } from '../support/waiting.ts'

const projects = { sample: { steps: [{ job: 'sh ./job.sh' }], artifacts: ['out'], limits: { artifacts: '30 MB' } } }

let bucket: TestBucket
let farm: TestFarm
let vax: AgentHost
beforeAll(async () => {
  bucket = await startBucket()
  farm = await TestFarm.open({
    queues: 'postgres',
    projects,
    environment: { ...bucket.environment, FARM_SECRET: 's'.repeat(32) },
  })
  vax = await farm.host('vax', { conf: 'slots 2\n' })
}, 120_000)
afterAll(async () => {
  await farm.close()
  await bucket.close()
})

/** The numbers up to `upTo`, as `seq` prints them. */
const counted = (upTo: number) => Array.from({ length: upTo }, (_, i) => `${i + 1}\n`).join('')
const objects = () => readdirSync(bucket.directory, { recursive: true, encoding: 'utf8' })
const isPacked = (name: string) => objects().some(path => path.includes(`${name}~`))

/** A tar.gz of these files. */
function tree(files: Record<string, string>): Buffer {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(farm.directory, name), content)
  return execFileSync('tar', ['-C', farm.directory, '-czf', '-', ...Object.keys(files)], { maxBuffer: 1e8 })
}

describe('a farm with a bucket', { concurrent: false }, () => {
  test('a running job’s log is readable; after the job, all files are in the bucket and none in the data directory', async () => {
    const script = 'mkdir out; seq 1000000 >out/big; seq 400000; sleep 3; echo end\n'
    const job = await (await farm.push(script)).job()
    await job.logged('\n399999\n400000\n')
    expect((await job.view()).state).toBe('running')
    const { verdict } = await job.finished()

    expect(verdict).toBe('passed')
    expect((await job.log()).toString()).toBe(`${counted(400_000)}end\n`)
    await eventually('the packed files', async () => {
      return ([`${job.id}.1.log`, `${job.id}.1.artifacts/out,big`].every(isPacked) && true) || undefined
    })
    expect((await job.log()).toString()).toBe(`${counted(400_000)}end\n`)
    const part = await job.rawLog({ range: 'bytes=1000000-1000009' })
    expect(await part.text()).toBe(counted(400_000).slice(1_000_000, 1_000_010))
    expect((await job.artifact('out/big')).toString()).toBe(counted(1_000_000))
    expect(readdirSync(join(farm.directory, 'data', 'logs'))).toEqual([])
  })

  test('while the bucket is away, short jobs end, long logs wait at their hosts, and nothing is lost', async () => {
    const short = await (await farm.push('echo short\n')).job()
    await short.finished()
    const long = await (await farm.push('echo begin; sleep 4; seq 400000; echo end\n')).job()
    await long.logged('begin\n')
    await eventually('the packed log', async () => isPacked(`${short.id}.1.log`) || undefined)
    bucket.goAway()
    const ready = await fetch(`${farm.url}/readyz`)
    expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining('the bucket does not answer')])
    const gone = await fetch(`${farm.url}/api/v1/jobs/${short.id}/log`)
    expect([gone.status, await gone.text()]).toEqual([503, expect.stringContaining('the bucket of the farm')])
    await short.retry()
    await eventually('the second attempt', async () => (await short.view()).attempts.length === 2 || undefined)
    expect((await short.finished()).verdict).toBe('passed')
    await farm.server.said('a refused message', ({ msg, err }) =>
      msg === 'a request of a host failed' && JSON.stringify(err).includes('the bucket') ? true : undefined,
    )
    bucket.comeBack()

    const { verdict, attempts } = await long.finished()
    expect([verdict, attempts.length]).toEqual(['passed', 1])
    expect((await long.log()).toString()).toBe(`begin\n${counted(400_000)}end\n`)
    expect(farm.story()).not.toContain('S3RVER')
  })

  test('while the bucket is away, a cancel ends a job whose log the farm cannot take', async () => {
    const job = await (await farm.push('echo begin; sleep 2; seq 400000; exec sleep 600\n')).job()
    await job.logged('begin\n')
    const before = farm.server.lines.length
    bucket.goAway()
    const isRefused = ({ msg }: LogLine) => (msg === 'a request of a host failed' ? true : undefined)
    await farm.server.said('a refused message', isRefused, before)
    await job.cancel()
    await vax.hears(new RegExp(`attempt ${job.id}.1: ending the job: cancelled`))
    expect((await job.view()).state).toBe('running')
    bucket.comeBack()
    expect((await job.finished()).verdict).toBe('cancelled')
    expect((await job.log()).toString()).toBe(`begin\n${counted(400_000)}`)
  })

  test('a new commit is built soon after the bucket has come back', async () => {
    bucket.goAway()
    const build = await farm.push('echo new\n')
    const problem = await eventually('the problem', async () => (await build.view()).problem ?? undefined)
    expect(problem).toContain('the bucket of the farm does not answer')
    bucket.comeBack()
    expect((await (await build.job()).finished()).verdict).toBe('passed')
  })

  test('a second server without a shared disk has the log of a running job, and all files of ended jobs', async () => {
    const other = await farm.another({ RUMPFARM_DATA: join(farm.directory, 'other-data') })
    const read = async (path: string) => (await fetch(`${other.url}/api/v1/jobs/${path}`)).text()
    const job = await (await farm.push('mkdir out; echo file >out/a; echo begin; sleep 5; echo end\n')).job()
    await job.logged('begin\n')
    expect([await read(`${job.id}/log`), (await job.view()).state]).toEqual(['begin\n', 'running'])
    await job.finished()
    expect([await read(`${job.id}/log`), await read(`${job.id}/artifacts/out/a`)]).toEqual(['begin\nend\n', 'file\n'])
    expect(readdirSync(join(farm.directory, 'other-data', 'logs'))).toEqual([])
  })

  test('the parts of a try reach different servers, and another one builds it', async () => {
    const [first, second, third] = [
      farm.url,
      ...(await Promise.all(
        ['second', 'third'].map(async name => {
          const { url } = await farm.another({ RUMPFARM_DATA: join(farm.directory, `${name}-data`) })
          return url
        }),
      )),
    ]
    const bytes = tree({
      'job.sh': 'mkdir out; wc -c <big >out/size\n',
      big: randomBytes(3_000_000).toString('base64'),
    })
    const commit = farm.repository('sample').commit({ 'job.sh': 'exit 1\n' })
    const announced = { commit, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    const { id } = await farm.api(first).post<{ id: string }>('/api/v1/projects/sample/tries', announced)
    const part = async (url: string | undefined, start: number, end?: number) => {
      const answer = await fetch(`${url}/api/v1/tries/${id}/files?offset=${start}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${farm.adminToken}`, 'content-type': 'application/octet-stream' },
        body: new Uint8Array(bytes.subarray(start, end)),
      })
      return (await answer.json()) as { received?: number; detail?: string }
    }
    expect(await part(first, 0, 70_000)).toMatchObject({ received: 70_000 })
    expect(await part(second, 70_000, 2_500_000)).toMatchObject({ received: 2_500_000 })
    expect(await part(third, 2_600_000)).toMatchObject({ detail: expect.stringContaining('has 2500000 bytes') })
    // a part that arrives twice is stored once
    expect(await part(first, 2_000_000)).toMatchObject({ received: bytes.length })
    const { buildId } = await farm.api(second).post<{ buildId: number }>(`/api/v1/tries/${id}/start`)
    await farm.api(third).post(`/api/v1/tries/${id}/start`)
    const job = await farm.build(buildId).job()
    expect((await job.finished()).verdict).toBe('passed')
    expect((await job.artifact('out/size')).toString().trim()).toBe('4000000')
    await farm.api(third).delete(`/api/v1/tries/${id}`)
    await eventually('the end of the upload', async () => {
      const rows = await farm.sql(`SELECT FROM "StoredFile" WHERE "path" LIKE 'tries/%'`)
      return rows.length === 0 || undefined
    })
  })

  test('a server without the repository and without its cache sends the tarball from the bucket', async () => {
    const job = await (await farm.push('echo from the bucket\n')).job()
    await job.finished()
    await farm.kill9()
    for (const name of ['shared-tarballs', 'mirrors'])
      rmSync(join(farm.directory, 'data', 'sources', name), { recursive: true })
    rmSync(farm.repository('sample').directory, { recursive: true })
    await farm.start()
    await job.retry()
    await eventually('the second attempt', async () => (await job.view()).attempts.length === 2 || undefined)
    expect((await job.finished()).verdict).toBe('passed')
  })
})
