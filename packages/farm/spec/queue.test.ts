import { expect } from 'vitest'
import { sql } from '../src/db/sql.ts'
import type { Offer } from '../src/index.ts'
import { waitQuery } from '../src/matrix/longest-wait.ts'
import { expectation } from '../src/queue/expectation.ts'
import { openJobs, queueDetails } from '../src/queue/queue-query.ts'
import { commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'
import { rowsRead } from './rows-read.ts'

const minute = 60
let claims = 0

/** Runs a job that takes some minutes, with equal steps. */
const run = async (farm: TestFarm, host: HostHandle, commit: string, minutes: number) => {
  await farm.build(commit)
  const offer = (await host.claim(++claims)) as Offer
  await farm.say(host, offer, 'start\n')
  farm.wait(minutes * minute)
  await farm.end(host, offer, { exits: [0, 0, 0], log: 'start\n' })
}

farmTest(
  'the queue shows why jobs wait, in the order in which the host takes them, and when they start',
  async ({ farm }) => {
    await farm.configure()
    const vax = await farm.host('vax')
    for (const [letter, minutes] of [
      ['a', 8],
      ['b', 10],
      ['c', 30],
    ] as const)
      await run(farm, vax, commitOf(letter), minutes)
    const start = farm.now()
    for (const [slot, letter] of [
      [1, 'd'],
      [2, '4'],
    ] as const) {
      await farm.build(commitOf(letter))
      const offer = (await vax.claim(++claims, { slot })) as Offer
      await farm.say(vax, offer, 'start\n')
    }
    farm.wait(4 * minute)
    await farm.build(commitOf('e'))
    farm.wait(1)
    await farm.build(commitOf('f'))
    const after = (minutes: number) => new Date(start.getTime() + minutes * minute * 1000)

    const { jobs, complete } = await farm.queue.list({ limit: 10 })
    expect(complete).toBe(true)
    expect(
      jobs.map(({ jobId, state, startsAt, endsAt, before }) => ({ jobId, state, startsAt, endsAt, before })),
    ).toEqual([
      { jobId: 7, state: 'queued', startsAt: after(10), endsAt: after(20), before: 0 },
      { jobId: 6, state: 'queued', startsAt: after(10), endsAt: after(20), before: 1 },
      { jobId: 4, state: 'running', startsAt: null, endsAt: after(10), before: 0 },
      { jobId: 5, state: 'running', startsAt: null, endsAt: after(10), before: 0 },
    ])
    expect(jobs[0]?.reason).toMatchObject({ code: 'slot-busy', busyWith: 4, until: after(10) })
    expect(jobs[2]).toMatchObject({ reason: null, expectedMs: 10 * minute * 1000, project: 'sample', host: 'vax' })
    const short = await farm.queue.list({ limit: { waiting: 1, blocked: 1, running: 1 } })
    expect(short).toEqual({
      jobs: [jobs[0], jobs[2]],
      counts: { waiting: 2, blocked: 0, running: 2 },
      hosts: ['vax'],
      projects: ['sample'],
      complete: true,
    })
    expect(await farm.queue.find({ id: 6, host: 'vax' })).toEqual(jobs[1])
    expect(await farm.queue.find({ id: 1, host: 'vax' })).toBeUndefined()
    expect((await farm.queue.list({ project: 'other', limit: 10 })).jobs).toEqual([])
    expect((await farm.queue.list({ host: 'nobody', limit: 10 })).jobs).toEqual([])
  },
)

farmTest('a job whose host is paused has no estimated start', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.hosts.setPaused('vax', true)
  expect((await farm.queue.list({ host: 'vax', limit: 10 })).jobs).toMatchObject([
    { reason: { code: 'host-paused', since: farm.now() }, startsAt: null },
  ])
})

farmTest('a new branch uses the durations of another branch', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), 8)
  const pushed = await farm.push(commitOf('b'), { branch: 'release/1' })
  if (pushed.kind !== 'built') throw new Error(pushed.kind)
  expect((await farm.queue.list({ limit: 10 })).jobs).toMatchObject([
    { reason: { code: 'sources' }, expectedMs: 8 * minute * 1000 },
  ])
  expect((await farm.queue.list({ limit: 10 })).jobs[0]?.branch).toBe('release/1')
  expect(Object.keys((await farm.queue.expectation(2)).steps)).toEqual(['configure', 'build', 'tests'])
})

farmTest('the farm knows how long the steps of a job usually take', async ({ farm }) => {
  await farm.configure(project())
  const vax = await farm.host('vax')
  expect(await farm.queue.expectation(1)).toEqual({ expectedMs: null, steps: {} })
  await run(farm, vax, commitOf('a'), 8)
  const { expectedMs, steps } = await farm.queue.expectation(1)
  expect(expectedMs).toBe(8 * minute * 1000)
  expect(Object.keys(steps)).toEqual(['configure', 'build', 'tests'])
})

farmTest('the queries of the queue read few rows, whatever the history of the farm', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), 1)
  await farm.sql(`INSERT INTO "Build" ("id", "projectName", "commit", "branch", "createdAt", "sources")
    SELECT n, 'sample', lpad(n::text, 40, '0'), 'main', now(), 'ready' FROM generate_series(1001, 11000) n`)
  await farm.sql(`INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position", "settled")
    SELECT 'sample', lpad(n::text, 40, '0'), 'main', n, true FROM generate_series(1001, 11000) n`)
  await farm.sql(`INSERT INTO "Job" ("id", "buildId", "projectName", "hostId", "arch", "variant", "recipeHash", "status")
    SELECT n, n, job."projectName", job."hostId", job."arch", job."variant", job."recipeHash", 'passed' FROM "Job" job, generate_series(1001, 11000) n WHERE job."id" = 1`)
  await farm.sql(`INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "verdict", "queuedAt", "startedAt", "finishedAt")
    SELECT n, 1, ${vax.id}, 'passed', now(), now(), now() FROM generate_series(1001, 11000) n`)
  await farm.sql('ANALYZE')
  await farm.build(commitOf('b'))
  expect(await rowsRead(farm, openJobs(sql`WHERE "hostId" = ${vax.id}`))).toBeLessThan(50)
  expect(await rowsRead(farm, openJobs(sql``))).toBeLessThan(50)
  expect(await rowsRead(farm, queueDetails([2]))).toBeLessThan(50)
  expect(await rowsRead(farm, waitQuery({}))).toBeLessThan(50)
  expect(await rowsRead(farm, expectation(1))).toBeLessThan(700)
})
