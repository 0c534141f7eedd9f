// What the dispatch of jobs reads: the claim of a host, and the task that sends messages and wakes hosts.
import { expect } from 'vitest'
import { nextAttemptsQuery } from '../src/attempts/next-attempts.ts'
import { hostsWithWorkQuery, queuedPageMax, queuedPageQuery } from '../src/attempts/queued-attempts.ts'
import { openOfMatrix } from '../src/matrix/active-attempts.ts'
import { commitOf, farmTest, type TestFarm } from './farm-test.ts'
import { rowsRead } from './rows-read.ts'

const hosts = 100
const jobs = 4_000

/**
 * Jobs of many hosts wait. PostgreSQL's statistics are from a time when no job waited, as on a farm that is busy once a
 * day.
 */
async function manyJobsWait(farm: TestFarm, analyzed: keyof typeof earlier = 'no job is open'): Promise<void> {
  const ids = `generate_series(1001, ${1000 + jobs}) n`
  const host = `1001 + n % ${hosts}`
  await farm.sql(`INSERT INTO "Host" ("id", "name", "credentialHash", "facts", "agentVersion", "enrolledAt", "lastSeenAt")
    SELECT n, concat('many-', n), n::text, '{}', '1.0.0', now(), now() FROM generate_series(1001, ${1000 + hosts}) n`)
  await farm.sql(`INSERT INTO "Build" ("id", "projectName", "commit", "branch", "createdAt", "sources")
    SELECT n, 'sample', lpad(n::text, 40, '0'), 'main', now(), 'ready' FROM ${ids}`)
  await farm.sql(`INSERT INTO "Job" ("id", "buildId", "projectName", "hostId", "arch", "variant", "recipeHash")
    SELECT n, n, 'sample', ${host}, job."arch", job."variant", job."recipeHash" FROM "Job" job, ${ids} WHERE job."id" = 1`)
  await farm.sql(`INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "queuedAt", "finishedAt", "verdict", "projectName", "buildId")
    SELECT n, 1, ${host}, now(), now(), 'lost', 'sample', n FROM ${ids}`)
  await farm.sql('DELETE FROM "OpenAttempt"')
  await farm.sql(`UPDATE "Job" SET "status" = 'lost' WHERE "id" <= 1000`)
  const columns = `"jobId", "number", "hostId", "state", "queuedAt", "projectName", "buildId", "slot", "claim", "lease", "leaseUntil"`
  const { rows, host: itsHost, state, held } = earlier[analyzed]
  await farm.sql(`INSERT INTO "OpenAttempt" (${columns})
    SELECT n, 2, ${itsHost}, '${state}', now(), 'sample', n, ${held ? "1, 1, 'x', now()" : 'NULL, NULL, NULL, NULL'}
      FROM generate_series(1001, ${1000 + rows}) n`)
  await farm.sql('ANALYZE')
  await farm.sql('DELETE FROM "OpenAttempt"')
  await farm.sql(`INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "state", "queuedAt", "projectName", "buildId")
    SELECT n, 2, ${host}, 'queued', now(), 'sample', n FROM ${ids}`)
}

/** What was open when PostgreSQL made its statistics. */
const earlier = {
  'no job is open': { rows: 0, host: '1001', state: 'queued', held: false },
  'one job runs': { rows: 1, host: '1001', state: 'running', held: true },
  'a job runs on each host': { rows: hosts, host: '1000 + n - 1000', state: 'running', held: true },
  'many jobs of one host wait': { rows: jobs, host: '1001', state: 'queued', held: false },
  'many jobs wait for their sources': { rows: jobs, host: '1001 + n % 100', state: 'waiting', held: false },
}

for (const analyzed of Object.keys(earlier) as (keyof typeof earlier)[])
  farmTest(`a claim reads few rows, even if the statistics say: ${analyzed}`, async ({ farm }) => {
    await farm.configure()
    await farm.host('vax')
    await farm.build(commitOf('a'))
    await manyJobsWait(farm, analyzed)
    expect(await rowsRead(farm, nextAttemptsQuery(1050))).toBeLessThan(3 * hosts)
    expect(await rowsRead(farm, hostsWithWorkQuery)).toBeLessThan(4 * hosts)
    expect(await farm.attempts.listHostsWithWork()).toHaveLength(hosts)
  })

farmTest('a page of the queue and the matrix read few rows, however many jobs wait', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await manyJobsWait(farm)
  await farm.sql('ANALYZE')
  const first = await farm.attempts.listQueued()
  expect(first.attempts).toHaveLength(queuedPageMax)
  expect(await rowsRead(farm, queuedPageQuery(first.next, 10))).toBeLessThan(100)
  expect(await rowsRead(farm, openOfMatrix(10))).toBeLessThan(100)
})

farmTest('the pages of the queue have each waiting attempt once', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await manyJobsWait(farm)
  const names: string[] = []
  for (let page = await farm.attempts.listQueued(); ; page = await farm.attempts.listQueued(page.next)) {
    names.push(...page.attempts.map(({ attempt }) => attempt))
    if (!page.next) break
  }
  expect(names).toHaveLength(jobs)
  expect(new Set(names).size).toBe(jobs)
})

farmTest('a host has work if a job waits and a slot is free, unless the host is paused', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  expect(await farm.attempts.listHostsWithWork()).toEqual([])
  await farm.build(commitOf('a'))
  await farm.build(commitOf('b'))
  expect(await farm.attempts.listHostsWithWork()).toEqual([vax.id])
  await farm.hosts.setPaused('vax', true)
  expect(await farm.attempts.listHostsWithWork()).toEqual([])
  await farm.hosts.setPaused('vax', false)
  await farm.sql(`UPDATE "Host" SET "slots" = 1`)
  await vax.claim(1)
  expect(await farm.attempts.listHostsWithWork()).toEqual([])
})

farmTest('when a waiting attempt is cancelled, an event says that it does not wait any more', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  farm.events.length = 0
  await farm.builds.cancelJob(1)
  expect(farm.events).toContainEqual({ kind: 'unqueued', attempts: [{ hostId: vax.id, attempt: '1.1' }] })
})
