import { expect } from 'vitest'
import { candidateQuery, lostJobs } from '../src/builds/retry.ts'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, leaseSeconds, project, type TestFarm } from './farm-test.ts'

let claims = 0
const claim = async (host: HostHandle) => (await host.claim(++claims)) as Offer

/** A build on two hosts: it fails on alpha, and passes on vax. */
async function halfFailed(farm: TestFarm) {
  await farm.configure()
  const alpha = await farm.host('alpha')
  const vax = await farm.host('vax')
  const buildId = await farm.build(commitOf('a'))
  await farm.end(alpha, await claim(alpha), { exits: [0, 1] })
  await farm.end(vax, await claim(vax))
  return { alpha, vax, buildId }
}

const queuedEvents = (farm: TestFarm) =>
  farm.events.flatMap(event => (event.kind === 'queued' ? event.attempts.map(({ attempt }) => attempt) : []))

farmTest('the failed jobs of a build run again, and the passed jobs do not', async ({ farm }) => {
  const { buildId } = await halfFailed(farm)
  const planned = await farm.builds.retry(buildId, { which: 'failed', dryRun: true })
  const hosts = [{ host: 'alpha', jobs: 1 }]
  expect(planned).toEqual({ kind: 'retried', jobs: 1, hosts, attempts: [], open: 0, refused: [] })
  expect((await farm.verdicts()).sort()).toEqual(['failed', 'passed'])

  expect(await farm.builds.retry(buildId, { which: 'failed' })).toMatchObject({ jobs: 1, hosts, open: 0, refused: [] })
  expect((await farm.verdicts()).sort()).toEqual(['passed', 'queued'])
  expect(queuedEvents(farm).at(-1)).toMatch(/\.2$/)
  expect(await farm.builds.retry(99, { which: 'all' })).toEqual({ kind: 'unknown' })
})

farmTest('if a request comes twice, also at the same moment, each job gets one attempt', async ({ farm }) => {
  const { buildId } = await halfFailed(farm)
  const both = await Promise.all([1, 2].map(() => farm.builds.retry(buildId, { which: 'all' })))
  expect(both.map(outcome => (outcome.kind === 'retried' ? outcome.jobs : -1)).sort()).toEqual([0, 2])
  expect(await farm.builds.retry(buildId, { which: 'all' })).toMatchObject({ jobs: 0, attempts: [], open: 2 })
  expect(await farm.sql('SELECT count(*)::int AS n FROM "Attempt"')).toEqual([{ n: 4 }])
})

farmTest('a job on a removed host does not run again, and the answer says why', async ({ farm }) => {
  const { buildId } = await halfFailed(farm)
  await farm.hosts.remove('alpha')
  expect(await farm.builds.retry(buildId, { which: 'all' })).toMatchObject({
    jobs: 1,
    hosts: [{ host: 'vax', jobs: 1 }],
    refused: [{ host: 'alpha', why: 'host alpha has left the farm' }],
  })
})

farmTest('if the sources failed, the farm prepares them again, and then the jobs run', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  const pushed = await farm.push(commitOf('a'))
  if (pushed.kind !== 'built') throw new Error(pushed.kind)
  const { buildId } = pushed
  await farm.builds.markSourcesFailed(buildId, 'fatal: no route to host')
  expect(await farm.verdicts()).toEqual(['broken'])

  expect(await farm.builds.retry(buildId, { which: 'failed' })).toMatchObject({ jobs: 1 })
  expect([await farm.verdicts(), await farm.builds.listUnprepared()]).toEqual([['waiting'], [buildId]])
  expect(farm.events.filter(({ kind }) => kind === 'sources-needed')).toHaveLength(2)
  await farm.builds.markSourcesReady(buildId, { sources: [] })
  expect(await farm.verdicts()).toEqual(['queued'])
})

farmTest('all lost jobs of a project run again, but not those of an earlier week', async ({ farm }) => {
  const once = { ...project().limits, attempts: 1 }
  await farm.configure(project({ limits: once }), project({ name: 'other', limits: once }))
  const vax = await farm.host('vax')
  const lose = async (name: string, letter: string) => {
    const pushed = await farm.push(commitOf(letter), { project: name })
    if (pushed.kind !== 'built') throw new Error(pushed.kind)
    await farm.builds.markSourcesReady(pushed.buildId, { sources: [] })
    await claim(vax)
    farm.wait(leaseSeconds + 601)
    await farm.attempts.expireLeases()
  }
  await lose('sample', 'a')
  farm.wait(8 * 86_400)
  await lose('sample', 'b')
  await lose('other', 'c')
  expect(await farm.verdicts()).toEqual(['lost', 'lost', 'lost'])

  expect(await farm.builds.retryLost({ dryRun: true })).toMatchObject({ jobs: 2, hosts: [{ host: 'vax', jobs: 2 }] })
  expect(await farm.builds.retryLost({ project: 'sample' })).toMatchObject({ jobs: 1, attempts: ['2.2'] })
  expect(await farm.builds.retryLost({})).toMatchObject({ jobs: 1, attempts: ['3.2'], open: 0 })
  expect(await farm.builds.retryLost({})).toMatchObject({ jobs: 0 })
})

farmTest('at most 5,000 jobs run again at once, and the query reads only jobs that were lost', async ({ farm }) => {
  const { vax, buildId } = await halfFailed(farm)
  await farm.sql(`INSERT INTO "Job" ("id", "buildId", "projectName", "hostId", "arch", "variant", "recipeHash", "status")
    SELECT n, ${buildId}, 'sample', ${vax.id}, 'arch' || n, 'default', (SELECT "recipeHash" FROM "Job" LIMIT 1), 'timed-out' FROM generate_series(1001, 6001) n`)
  await farm.sql(`INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "verdict", "queuedAt", "startedAt", "finishedAt")
    SELECT n, 1, ${vax.id}, 'timed-out', now(), now(), now() FROM generate_series(1001, 6001) n`)
  await farm.sql('ANALYZE')
  expect(await farm.builds.retry(buildId, { which: 'failed' })).toEqual({ kind: 'too-many-jobs', max: 5000 })
  const { text, values } = candidateQuery(lostJobs(farm.now(), undefined))
  const plan = await farm.sql<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values)
  expect(plan.map(row => row['QUERY PLAN']).join('\n')).toContain('lost_attempts')
})
