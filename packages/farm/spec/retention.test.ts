import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ProjectKeep } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import { checkedBuildsQuery } from '../src/retention/stored-jobs.ts'
import { attemptOf, commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'
import { rowsRead } from './rows-read.ts'

const day = 86_400
const keep = (changes: Partial<ProjectKeep> = {}): ProjectKeep => ({
  logsDays: 90,
  artifactsDays: 30,
  failedLogsDays: 90,
  failedArtifactsDays: 30,
  lastPerCell: 2,
  ...changes,
})

/** Runs a build whose job writes a log and an artifact, and ends. Returns the job's id. */
async function run(farm: TestFarm, host: HostHandle, letter: string, failed = false): Promise<number> {
  await farm.build(commitOf(letter))
  return runNext(farm, host, failed)
}

let claims = 0
async function runNext(farm: TestFarm, host: HostHandle, failed = false): Promise<number> {
  const offer = await host.claim(++claims)
  if (typeof offer === 'string') throw new Error(`claim: ${offer}`)
  await farm.say(host, offer, 'hello\n')
  const attempt = { ...attemptOf(offer), hostId: host.id, lease: offer.lease }
  const bytes = Buffer.from('12345')
  const stored = await farm.attempts.storeArtifact({
    ...attempt,
    name: 'out/a.tgz',
    size: 5,
    offset: 0,
    bytes,
    checksum: null,
  })
  expect(stored).toMatchObject({ kind: 'ok' })
  const finished = await farm.attempts.finish({
    ...attempt,
    reason: 'exit',
    steps: (failed ? [0, 1] : [0, 0, 0]).map(exit => ({ exit, milliseconds: 5, logBytes: 6 })),
    logBytes: 6,
    checksum: null,
    artifacts: [{ name: 'out/a.tgz', bytes: 5, checksum: null }],
  })
  expect(finished).toMatchObject({ kind: 'finished' })
  await farm.sql('DELETE FROM "Examination"')
  return attempt.jobId
}

async function everything(farm: TestFarm): Promise<void> {
  for (const of of await farm.retention.projects()) {
    while (await farm.retention.expireBuilds(of));
    while (await farm.retention.expireFiles(of));
  }
  while (await farm.retention.deleteFiles());
}

const files = (farm: TestFarm, jobId: number, number = 1) => ({
  log: existsSync(join(farm.logsDirectory, '0', `${jobId}.${number}.log`)),
  artifact: existsSync(join(farm.logsDirectory, '0', `${jobId}.${number}.artifacts`, 'out,a.tgz')),
})

async function fourRuns(farm: TestFarm, kept: ProjectKeep) {
  await farm.configure(project({ keep: kept, artifacts: ['out'] }))
  const host = await farm.host('h1')
  const jobs = []
  for (const letter of 'abcd') jobs.push(await run(farm, host, letter))
  return { host, jobs: jobs as [number, number, number, number] }
}

farmTest('logs and artifacts expire after their time, but not those of the newest results', async ({ farm }) => {
  const { jobs } = await fourRuns(farm, keep())
  await everything(farm) // notes since when the project has this `keep`
  farm.wait(31 * day)
  await everything(farm)
  expect(jobs.map(id => files(farm, id))).toEqual([
    { log: true, artifact: false },
    { log: true, artifact: false },
    { log: true, artifact: true },
    { log: true, artifact: true },
  ])
  farm.wait(60 * day)
  await everything(farm)
  expect(jobs.map(id => files(farm, id).log)).toEqual([false, false, true, true])

  const [attempt] = (await farm.builds.findJob(jobs[0]))?.attempts ?? []
  expect(attempt).toMatchObject({ logBytes: 6, artifacts: [{ name: 'out/a.tgz', bytes: 5 }] })
  expect(attempt?.logExpired).toEqual({ at: farm.now(), keptDays: 90 })
  expect(attempt?.artifactsExpired).toMatchObject({ keptDays: 30 })
  expect((await farm.builds.findJob(jobs[3]))?.attempts[0]).toMatchObject({ logExpired: null, artifactsExpired: null })
})

farmTest('after a change of `keep`, nothing expires for a day', async ({ farm }) => {
  const { jobs } = await fourRuns(farm, keep({ lastPerCell: 0 }))
  farm.wait(100 * day)
  await everything(farm)
  const [of] = await farm.retention.projects()
  expect(await farm.retention.waitsUntil(of as never)).toEqual(new Date(farm.now().getTime() + day * 1000))
  farm.wait(day - 1)
  await everything(farm)
  expect(files(farm, jobs[0])).toEqual({ log: true, artifact: true })
  farm.wait(1)
  await everything(farm)
  expect(files(farm, jobs[0])).toEqual({ log: false, artifact: false })
  expect(await farm.retention.waitsUntil(of as never)).toBeNull()
  // The cell has this result.
  expect(files(farm, jobs[3])).toEqual({ log: true, artifact: true })
})

farmTest('the first failure and the last good result of a cell stay', async ({ farm }) => {
  await farm.configure(project({ keep: keep({ lastPerCell: 0 }), confirm: 0, artifacts: ['out'] }))
  const host = await farm.host('h1')
  const jobs: number[] = []
  for (const letter of 'abcdef') jobs.push(await run(farm, host, letter, letter > 'b'))
  await farm.matrix.applyHistory({
    project: 'sample',
    branch: 'main',
    commits: [...'fedcba'].map(commitOf),
    complete: true,
  })
  await everything(farm)
  farm.wait(100 * day)
  await everything(farm)
  expect(jobs.map(id => files(farm, id).log)).toEqual([false, true, true, false, false, true])
})

farmTest('a server that dies before it deletes a file leaves it to the next one', async ({ farm }) => {
  const { jobs } = await fourRuns(farm, keep())
  await everything(farm)
  farm.wait(100 * day)
  const [of] = await farm.retention.projects()
  await farm.retention.expireFiles(of as never)
  expect((await farm.builds.findJob(jobs[0]))?.attempts[0]?.logExpired).not.toBeNull()
  expect(files(farm, jobs[0]).log).toBe(true)
  await farm.retention.deleteFiles()
  expect(files(farm, jobs[0])).toEqual({ log: false, artifact: false })
  expect(await farm.sql('SELECT * FROM "FileToDelete"')).toEqual([])
})

farmTest('a job that runs again gets a new log, which expires in its turn', async ({ farm }) => {
  const { host, jobs } = await fourRuns(farm, keep())
  await everything(farm)
  farm.wait(100 * day)
  await everything(farm)
  farm.wait(60)
  expect(await farm.builds.retryJob(jobs[0])).toMatchObject({ kind: 'queued' })
  await runNext(farm, host)
  const job = await farm.builds.findJob(jobs[0])
  expect(job?.attempts.map(({ logExpired }) => logExpired !== null)).toEqual([false, true])
  expect(files(farm, jobs[0], 2)).toEqual({ log: true, artifact: true })
  farm.wait(100 * day)
  await everything(farm)
  expect(files(farm, jobs[0], 2)).toEqual({ log: false, artifact: false })
})

farmTest('the preview counts what expires, and changes nothing', async ({ farm }) => {
  const { jobs } = await fourRuns(farm, keep())
  farm.wait(100 * day)
  const preview = await farm.retention.preview({ project: 'sample', keep: keep(), after: 0 })
  expect(preview).toEqual({
    ...{ logs: 2, logBytes: 12, artifacts: 2, artifactBytes: 10, builds: 0, jobs: 0 },
    ...{ looked: 4, next: null },
  })
  expect(await farm.retention.preview({ project: 'sample', keep: keep({ buildsDays: 95 }), after: 0 })).toMatchObject({
    builds: 1, // the cell has passed since the first build
    jobs: 1,
  })
  expect(files(farm, jobs[0])).toEqual({ log: true, artifact: true })
})

farmTest('a look at some builds reads few rows, whatever the history of the farm', async ({ farm }) => {
  await fourRuns(farm, keep())
  await farm.sql(`
    INSERT INTO "Build" ("id", "projectName", "commit", "branch", "createdAt", "sources", "reason")
    SELECT n, 'sample', md5(n::text), 'main', '2020-01-01', 'ready', n::text FROM generate_series(1001, 11000) n`)
  await farm.sql(`
    INSERT INTO "Job" ("id", "buildId", "projectName", "branch", "hostId", "arch", "variant", "recipeHash", "status")
    SELECT n, n, 'sample', 'main', job."hostId", CASE WHEN n < 5000 THEN 'vax' ELSE 'amd64' END, 'default', job."recipeHash", 'passed'
      FROM generate_series(1001, 11000) n, (SELECT * FROM "Job" LIMIT 1) job`)
  await farm.sql(`
    INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "verdict", "queuedAt", "finishedAt")
    SELECT "id", 1, "hostId", "status", now(), now() FROM "Job" WHERE "id" > 1000`)
  await farm.sql('VACUUM ANALYZE')
  for (const [after, whole] of [
    [1000, true],
    [1000, false],
    [10_900, true],
  ] as const) {
    const wanted = { project: 'sample', after, createdBefore: farm.now(), whole, limit: 20 }
    expect(await rowsRead(farm, checkedBuildsQuery(wanted, keep({ lastPerCell: 20 })))).toBeLessThan(20 * 50)
  }
})

farmTest('old builds expire with their jobs, and an answer says so', async ({ farm }) => {
  const { host, jobs } = await fourRuns(farm, keep({ lastPerCell: 1, buildsDays: 200 }))
  farm.wait(150 * day)
  const later = await run(farm, host, 'e')
  await everything(farm)
  farm.wait(51 * day)
  await everything(farm)
  // The cell has passed since build 1, so its pages link to it.
  expect((await farm.builds.list({ limit: 10 })).map(({ id }) => id)).toEqual([5, 1])
  expect(await farm.builds.findJob(jobs[1])).toBeUndefined()
  expect(jobs.slice(1).map(id => files(farm, id))).toEqual(Array(3).fill({ log: false, artifact: false }))
  expect(files(farm, later).log).toBe(true)
  const expired = { at: farm.now(), keptDays: 200 }
  expect(await farm.retention.findBuild(2)).toEqual(expired)
  expect(await farm.retention.findJob(jobs[3])).toEqual(expired)
  expect(await farm.retention.findBuild(5)).toBeUndefined()
  expect(await farm.retention.findJob(later)).toBeUndefined()
  expect(await farm.retention.findJob(99)).toBeUndefined()
  for (const table of ['Attempt', 'Artifact', 'Push', 'BranchCommit'])
    expect([table, (await farm.sql(`SELECT 1 FROM "${table}"`)).length]).toEqual([table, 2])
})

farmTest('a build that a cell, a problem or a commit status refers to stays', async ({ farm }) => {
  await farm.configure(project({ keep: keep({ lastPerCell: 0, buildsDays: 100 }), confirm: 0, artifacts: ['out'] }))
  const host = await farm.host('h1')
  for (const letter of 'abcdef') await run(farm, host, letter, letter > 'b')
  await farm.matrix.applyHistory({
    project: 'sample',
    branch: 'main',
    commits: [...'fedcba'].map(commitOf),
    complete: true,
  })
  await farm.sql('UPDATE "Notification" SET "deliveredAt" = now()')
  await everything(farm)
  farm.wait(101 * day)
  await everything(farm)
  expect((await farm.builds.list({ limit: 10 })).map(({ id }) => id)).toEqual([6, 3, 2])
})
