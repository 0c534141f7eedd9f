import { expect } from 'vitest'
import { nextAttemptsQuery } from '../src/attempts/next-attempts.ts'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'
import { rowsRead } from './rows-read.ts'

const ten = [...'0123456789'].map(commitOf)
let claims = 0

/** The builds whose jobs the host takes, one after the other, and passes. */
async function takes(farm: TestFarm, host: HostHandle): Promise<number[]> {
  const offer = await host.claim(++claims)
  if (typeof offer === 'string') return []
  await farm.end(host, offer)
  return [offer.buildId, ...(await takes(farm, host))]
}

const makeSlow = (farm: TestFarm, host: HostHandle) =>
  farm.sql(`UPDATE "Host" SET "recentJobMs" = '{7200000, 2000000, 1900000}' WHERE "id" = $1`, [host.id])

farmTest('after a pause, a host runs the newest commit first', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.hosts.setPaused('vax', true)
  for (const commit of ten) await farm.build(commit)
  await farm.hosts.setPaused('vax', false)
  expect(await takes(farm, vax)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

farmTest('a slow host runs only the newest commit of a branch, and the other jobs say why', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax', ['vax', 'm68k'])
  await makeSlow(farm, vax)
  await farm.hosts.setPaused('vax', true)
  for (const commit of ten) await farm.build(commit)
  const release = await farm.push(commitOf('e'), { branch: 'release/1' })
  if (release.kind === 'built') await farm.builds.markSourcesReady(release.buildId, { sources: [] })
  await farm.hosts.setPaused('vax', false)

  expect((await farm.hosts.find('vax'))?.slow).toBe(true)
  const [attempt] = (await farm.builds.findJob(1))?.attempts ?? []
  expect(attempt).toMatchObject({
    verdict: 'cancelled',
    reason: 'superseded',
    detail: 'a newer commit of main waits for this cell: build 2',
  })
  const build = await farm.builds.find(1)
  expect(build?.jobs).toMatchObject([
    { reason: 'superseded', detail: 'a newer commit of main waits for this cell: build 2', supersededBy: 2 },
    { reason: 'superseded', supersededBy: 2 },
  ])
  expect((await farm.builds.find(10))?.jobs[0]).toMatchObject({ reason: null, detail: null, supersededBy: null })
  const superseded = await farm.queue.listSuperseded({ host: 'vax', project: 'sample', limit: 100 })
  expect(superseded).toHaveLength(18)
  expect(superseded[0]).toMatchObject({ buildId: 9, byBuildId: 10, branch: 'main', verdict: 'cancelled' })
  expect(await farm.queue.listSuperseded({ host: 'other', limit: 100 })).toEqual([])
  farm.wait(25 * 3600)
  expect(await farm.queue.listSuperseded({ limit: 100 })).toEqual([])
  farm.wait(-25 * 3600)
  expect(await takes(farm, vax)).toEqual([11, 11, 10, 10])
})

farmTest('farm.yaml turns coalescing on for a fast host, and off for a slow one', async ({ farm }) => {
  await farm.configure(project({ coalesce: true }))
  const vax = await farm.host('vax')
  for (const commit of ten.slice(0, 3)) await farm.build(commit)
  expect(await takes(farm, vax)).toEqual([3])
  await farm.configure(project({ coalesce: false }))
  await makeSlow(farm, vax)
  for (const commit of ten.slice(3, 6)) await farm.build(commit)
  expect(await takes(farm, vax)).toEqual([6, 5, 4])
})

farmTest('a job that a person requested stays, and comes first', async ({ farm }) => {
  await farm.configure(project({ coalesce: true }))
  const vax = await farm.host('vax')
  const request = async (letter: string, cause: 'hand' | 'push' | 'schedule') => {
    const built = await farm.push(commitOf(letter), { cause })
    if (built.kind === 'built') await farm.builds.markSourcesReady(built.buildId, { sources: [] })
  }
  await request('a', 'hand')
  await request('b', 'push')
  await request('c', 'schedule') // the push would wait for a job with a smaller priority, so it stays
  await request('d', 'push')
  expect(await takes(farm, vax)).toEqual([1, 4])

  await request('e', 'push')
  await farm.push(commitOf('e'), { cause: 'hand' })
  expect(await farm.sql(`SELECT "priority" FROM "Attempt" WHERE "state" = 'queued'`)).toEqual([{ priority: 40 }])
})

farmTest('a newer commit cancels the running job if farm.yaml says so, and the job says why', async ({ farm }) => {
  await farm.configure(project({ cancelSuperseded: true }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(++claims)) as Offer
  await farm.build(commitOf('b'))
  farm.attempts.dropCached(offer.attempt) // the server does this at the event "revoked"
  expect(await farm.say(vax, offer, 'x')).toMatchObject({ kind: 'ok', cancel: 'cancelled' })
  await farm.end(vax, offer, { exits: [], reason: 'cancelled', log: 'x' })
  const detail = 'a newer commit of main waits for this cell: build 2'
  expect((await farm.builds.findJob(1))?.attempts[0]).toMatchObject({ verdict: 'cancelled', detail })
  expect(await farm.queue.listSuperseded({ limit: 10 })).toMatchObject([{ jobId: 1, byBuildId: 2, detail }])
})

farmTest('projects take turns on a host', async ({ farm }) => {
  await farm.configure(project(), project({ name: 'other' }))
  const vax = await farm.host('vax')
  const build = async (name: string, commit: string) => {
    const built = await farm.push(commit, { project: name })
    if (built.kind === 'built') await farm.builds.markSourcesReady(built.buildId, { sources: [] })
  }
  await build('other', commitOf('a'))
  await build('other', commitOf('b'))
  for (const commit of ten.slice(0, 4)) await build('sample', commit)

  const { jobs } = await farm.queue.list({ limit: 10 })
  const order = [2, 6, 1, 5, 4, 3]
  expect(jobs.map(({ buildId, before }) => [buildId, before])).toEqual(
    order.map((buildId, before) => [buildId, before]),
  )
  expect(await takes(farm, vax)).toEqual(order)
})

farmTest('a project runs no more jobs at once than farm.yaml allows, also on several hosts', async ({ farm }) => {
  await farm.configure(project({ jobsAtOnce: 2 }), project({ name: 'other' }))
  const hosts = [await farm.host('vax'), await farm.host('sun'), await farm.host('pdp')]
  await farm.build(commitOf('a'))
  const answers = await Promise.all(hosts.map(host => host.claim(++claims)))
  const offers = answers.filter((answer): answer is Offer => typeof answer !== 'string')
  expect(offers).toHaveLength(2)
  const idle = hosts.find((_, index) => answers[index] === 'none') as HostHandle
  const [waiting] = (await farm.queue.list({ limit: 10 })).jobs
  expect(waiting?.reason).toMatchObject({
    code: 'project-limit',
    text: 'sample runs 2 jobs, and its limit is 2 (jobs-at-once in farm.yaml).',
  })
  expect(waiting?.startsAt).toBeNull()

  farm.events.length = 0
  const [first] = offers
  const holder = hosts[answers.indexOf(first as Offer)] as HostHandle
  await farm.end(holder, first as Offer)
  expect(farm.events).toContainEqual({ kind: 'host', hostId: idle.id })
  expect(await idle.claim(++claims)).toMatchObject({ project: 'sample' })
})

farmTest('the durations of the newest results decide whether a host is slow', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  for (const [index, minutes] of [40, 41, 42].entries()) {
    expect(await farm.hosts.find('vax')).toMatchObject({ usualJobMs: null, slow: false })
    await farm.build(commitOf(String(index)))
    const offer = (await vax.claim(++claims)) as Offer
    for (let left = minutes; left > 0; left--) {
      await farm.say(vax, offer, '')
      farm.wait(60)
    }
    await farm.end(vax, offer)
  }
  expect(await farm.hosts.find('vax')).toMatchObject({ usualJobMs: 41 * 60_000, slow: true })
})

farmTest('the query of a claim reads few rows, however many jobs wait', async ({ farm }) => {
  await farm.configure(project(), project({ name: 'other' }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.sql(`INSERT INTO "Build" ("id", "projectName", "commit", "branch", "createdAt", "sources")
    SELECT n, CASE WHEN n % 2 = 0 THEN 'sample' ELSE 'other' END, lpad(n::text, 40, '0'), 'main', now(), 'ready'
      FROM generate_series(1001, 21000) n`)
  await farm.sql(`INSERT INTO "Job" ("id", "buildId", "projectName", "hostId", "arch", "variant", "recipeHash")
    SELECT n, n, job."projectName", job."hostId", job."arch", job."variant", job."recipeHash" FROM "Job" job, generate_series(1001, 21000) n WHERE job."id" = 1`)
  await farm.sql(`INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "state", "queuedAt", "projectName", "buildId")
    SELECT n, 1, ${vax.id}, 'queued', now(), CASE WHEN n % 2 = 0 THEN 'sample' ELSE 'other' END, n FROM generate_series(1001, 21000) n`)
  await farm.sql('ANALYZE')
  expect(await rowsRead(farm, nextAttemptsQuery(vax.id))).toBeLessThan(60)
  expect((await vax.claim(++claims)) as Offer).toMatchObject({ buildId: 20_999 })
  expect((await vax.claim(++claims, { slot: 2 })) as Offer).toMatchObject({ buildId: 21_000 })
})
