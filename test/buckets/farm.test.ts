// A farm whose files are in a bucket of OpenStack Swift, with a real server and a real agent.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBreakableProxy } from '../support/bucket.ts'
import { TestFarm } from '../support/farm-fixture.ts'
import type { TestJob } from '../support/jobs.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { eventually } from '../support/waiting.ts'
import { startSwift } from './swift.ts'

/** How long the bucket does not answer. */
const awayMs = 60_000 * Number(process.env.BUCKET_AWAY_MINUTES ?? 10)
const projects = { sample: { steps: [{ job: 'sh ./job.sh' }], artifacts: ['out'], limits: { artifacts: '30 MB' } } }

let farm: TestFarm
let proxy: Awaited<ReturnType<typeof openBreakableProxy>>
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  const swift = await startSwift()
  closing.push(() => swift.close())
  proxy = await openBreakableProxy(Number(new URL(swift.place.endpoint ?? '').port))
  closing.push(proxy.close)
  const database = await createTestDatabase()
  closing.push(() => database.drop())
  farm = await TestFarm.open({
    databaseUrl: database.url,
    queues: 'postgres',
    projects,
    environment: {
      STORAGE_URL: `s3://farm-files/farm?endpoint=http://127.0.0.1:${proxy.port}`,
      AWS_ACCESS_KEY_ID: swift.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: swift.credentials.secretAccessKey,
      FARM_SECRET: 's'.repeat(32),
    },
  })
  closing.push(() => farm.close())
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

/** The numbers up to `upTo`, as `seq` prints them. */
const counted = (upTo: number) => Array.from({ length: upTo }, (_, i) => `${i + 1}\n`).join('')

/** Runs a job again, and waits for the end of its new attempt. Returns the verdict. */
async function again(job: TestJob): Promise<string | null | undefined> {
  const before = (await job.view()).attempts.length
  await job.retry()
  await eventually('the new attempt', async () => (await job.view()).attempts.length > before || undefined)
  return (await job.finished()).verdict
}

describe('a farm with a bucket of Swift', { concurrent: false }, () => {
  test('builds a commit, and has its long log and its large artifact', async () => {
    await farm.host('vax', { conf: 'slots 2\n' })
    const job = await (await farm.push('mkdir out; seq 1000000 >out/big; seq 400000\n')).job()

    expect((await job.finished()).verdict).toBe('passed')
    expect((await job.log()).toString()).toBe(counted(400_000))
    expect((await job.artifact('out/big')).toString()).toBe(counted(1_000_000))
    expect(await (await job.rawLog({ range: 'bytes=1000000-1000009' })).text()).toBe(
      counted(400_000).slice(1_000_000, 1_000_010),
    )
  })

  test('while the bucket is away for minutes, builds go on, and nothing is lost', {
    timeout: awayMs + 300_000,
  }, async () => {
    const short = await (await farm.push('mkdir out; echo file >out/a; echo short\n')).job()
    await short.finished()
    const seconds = Math.round(awayMs / 2_000)
    const long = await (await farm.push(`echo begin; seq 400000; sleep ${seconds}; seq 300000; echo end\n`)).job()
    await long.logged('begin\n')

    proxy.goAway()
    const until = Date.now() + awayMs
    let runs = 0
    for (; Date.now() < until; runs++) {
      expect(await again(short)).toBe('passed')
      await sleep(Math.min(10_000, Math.max(0, until - Date.now())))
    }
    expect((await long.view()).state).toBe('running') // its log waits at the host
    proxy.comeBack()

    const { verdict, attempts } = await long.finished()
    expect([verdict, attempts.length]).toEqual(['passed', 1])
    expect((await long.log()).toString()).toBe(`begin\n${counted(400_000)}${counted(300_000)}end\n`)
    const all = (await short.view()).attempts
    expect(all.map(attempt => attempt.verdict)).toEqual(Array(runs + 1).fill('passed'))
    for (let number = 1; number <= all.length; number++) {
      const log = await fetch(`${farm.url}/api/v1/jobs/${short.id}/attempts/${number}/log`)
      expect([log.status, await log.text()]).toEqual([200, 'short\n'])
    }
    expect((await short.artifact('out/a')).toString()).toBe('file\n')
    expect(farm.story()).not.toContain(farm.adminToken)
  })
})
