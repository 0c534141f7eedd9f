import { expect } from 'vitest'
import { buildPage } from '../src/builds/build-queries.ts'
import { type JobFilter, refuseJobFilter, wantedStatuses } from '../src/builds/job-filter.rule.ts'
import { jobPage } from '../src/builds/job-pages.ts'
import { jobsOfCommits } from '../src/cells/branch-commits.ts'
import { historyOf } from '../src/cells/change-history.ts'
import type { Sql } from '../src/db/sql.ts'
import { newestResults, resultsOfCells } from '../src/test-results/history-queries.ts'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'
import { rowsRead, rowsReadOfGenericPlan } from './rows-read.ts'

const jobs = 30_000
const limit = 20
const open = 1_000
const firstOpen = 10_000 + jobs - open

/** Old hosts, arches, variants, projects and verdicts occur only in the first jobs. All later jobs passed, except for the newest, which are open. */
async function longHistory(farm: TestFarm): Promise<{ old: number; present: number }> {
  await farm.configure(project(), project({ name: 'attic' }), project({ name: 'other' }))
  const [old, present] = [await farm.host('old', ['vax']), await farm.host('present')]
  await farm.build(commitOf('a'))
  await farm.sql(`
    INSERT INTO "Build" ("id", "projectName", "commit", "createdAt", "sources", "cause", "reason")
    SELECT n, CASE WHEN n <= 1100 THEN 'attic' ELSE 'sample' END, md5(n::text), now(), 'ready',
           CASE WHEN n % 2 = 0 THEN 'bisection' ELSE 'push' END, n::text FROM generate_series(1001, 4000) n`)
  await farm.sql(`
    INSERT INTO "Job" ("id", "buildId", "projectName", "hostId", "arch", "variant", "recipeHash", "status")
    SELECT n, build."id", build."projectName", CASE WHEN n <= 10100 THEN ${old.id} ELSE ${present.id} END,
           CASE WHEN n <= 10100 THEN 'vax' ELSE 'amd64' END, CASE WHEN n <= 10100 THEN 'ancient-' || n ELSE 'default-' || n END,
           (SELECT "recipeHash" FROM "Job" LIMIT 1), CASE WHEN n <= 10100 THEN (ARRAY['failed', 'lost'])[n % 2 + 1]
                WHEN n > ${firstOpen} THEN 'open' ELSE 'passed' END
      FROM generate_series(10001, ${10_000 + jobs}) n JOIN "Build" build ON build."id" = (n - 10001) / 10 + 1001`)
  await farm.sql(`UPDATE "Job" SET "variant" = split_part("variant", '-', 1) WHERE "id" % 10 = 0`)
  await farm.sql(`
    INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "verdict", "queuedAt", "finishedAt")
    SELECT "id", 1, "hostId", "status", now(), now() FROM "Job" WHERE "id" > 10000 AND "status" <> 'open'`)
  await farm.sql(`
    INSERT INTO "OpenAttempt" ("jobId", "number", "hostId", "projectName", "buildId", "state", "queuedAt")
    SELECT "id", 1, "hostId", "projectName", "buildId", 'queued', now() FROM "Job" WHERE "id" > ${firstOpen}`)
  await farm.sql('VACUUM ANALYZE')
  return { old: old.id, present: present.id }
}

/** Rows of the table itself, of the projects, and of the joins, for each row of a page. */
const rowsMax = limit * 40
/** A list of open jobs can also read all open attempts of the farm, with their jobs. */
const openRowsMax = rowsMax + 2 * open

farmTest('each list of jobs reads few rows, whatever the history of the farm', async ({ farm }) => {
  const hosts = await longHistory(farm)
  const places: Partial<JobFilter>[] = [
    {},
    ...[
      { host: 'old' },
      { host: 'present' },
      { arch: 'vax' },
      { arch: 'amd64' },
      { variant: 'ancient' },
      { variant: 'default' },
    ],
  ]
  const statuses = [undefined, 'active', 'queued', 'finished', 'passed', 'lost']
  for (const place of places)
    for (const name of [undefined, 'sample', 'attic'])
      for (const status of statuses) {
        const filter = { ...place, project: name, status, limit }
        expect(refuseJobFilter(filter)).toBeUndefined()
        const hostId = filter.host === undefined ? undefined : hosts[filter.host as 'old' | 'present']
        const most = wantedStatuses(status).open.length > 0 ? openRowsMax : rowsMax
        await expectFewRows(farm, jobPage(filter, hostId), JSON.stringify(filter), most)
      }
  await expectFewRows(farm, jobPage({ buildId: 1500, status: 'passed', arch: 'amd64', limit }, undefined), 'a build')
})

farmTest('each list of builds reads few rows, whatever the history of the farm', async ({ farm }) => {
  await longHistory(farm)
  for (const name of [undefined, 'sample', 'attic', 'other'])
    for (const probes of [true, false])
      await expectFewRows(farm, buildPage({ project: name, probes, limit }), `${name} ${probes}`)
})

farmTest('the table of commits reads only the jobs of its commits', async ({ farm }) => {
  const { present } = await longHistory(farm)
  const commits = await farm.sql<{ commit: string }>(`
    SELECT "commit" FROM "Build" WHERE "id" > 3000 ORDER BY "id" LIMIT ${limit}`)
  const columns = [{ hostId: present, arch: 'amd64' }]
  const query = jobsOfCommits(
    { project: { name: 'sample' }, branch: 'main' },
    commits.map(({ commit }) => commit),
    columns,
  )
  await expectFewRows(farm, query, 'commits', limit * 15)
  const rows = await farm.sql<{ jobs: unknown[] }>(query.text, query.values)
  expect(
    rows.map(({ jobs }) => jobs.length),
    'half of the builds are of bisections',
  ).toEqual(Array(limit / 2).fill(10))
})

farmTest('a feed reads few cells of problems, also of a branch without problems', async ({ farm }) => {
  const { present } = await longHistory(farm)
  await farm.sql(`
    INSERT INTO "Problem" ("projectName", "branch", "key", "verdict", "openedAt", "openedBuildId", "closedAt")
    SELECT 'sample', 'main', 'k' || "id", 'failed', now(), "buildId", now() FROM "Job" WHERE "id" BETWEEN 20001 AND 30000`)
  await farm.sql(`
    INSERT INTO "ProblemCell" ("problemId", "projectName", "branch", "hostId", "arch", "variant", "jobId", "number", "sinceBuildId",
           "sinceCommit", "sinceAt", "endedAt", "ended", "endedBuildId")
    SELECT "id", 'sample', 'main', ${present}, 'amd64', 'default', "id" + 20000, 1, "openedBuildId", 'c', now(), now(), 'passed', "openedBuildId"
      FROM "Problem"`)
  await farm.sql('VACUUM ANALYZE')
  for (const shown of ['main', 'quiet'])
    for (const hostId of [undefined, present]) {
      const query = historyOf(new Map([['sample', { shown, built: [shown], removedAt: null }]]), hostId)
      await expectFewRows(farm, query, `${shown} ${hostId}`, shown === 'main' ? 200 * 9 : 20)
    }
})

farmTest(
  'a page of a test reads the newest result of each cell, and 20 results of the shown cells',
  async ({ farm }) => {
    const { present } = await longHistory(farm)
    const [{ id }] = (await farm.sql<{ id: number }>(`
    INSERT INTO "Test" ("projectName", "key", "suite", "name", "createdAt") VALUES ('sample', 'k', '', 'x', now()) RETURNING "id"`)) as [
      { id: number },
    ]
    const cells = 100
    await farm.sql(`
    INSERT INTO "TestResult" ("jobId", "number", "testId", "run", "buildId", "projectName", "hostId", "arch", "variant", "outcome", "finishedAt")
    SELECT "id", 1, ${id}, 0, "buildId", "projectName", ${present}, 'amd64', "id" % ${cells}, 'passed', now() FROM "Job" WHERE "id" > 10000`)
    await farm.sql('VACUUM ANALYZE')
    await expectFewRows(farm, newestResults(id), 'newest results', cells * 8)
    const shown = Array.from({ length: limit }, (_, n) => ({
      hostId: present,
      host: 'present',
      arch: 'amd64',
      variant: `${n}`,
    }))
    await expectFewRows(farm, resultsOfCells(id, shown), 'results of a page', limit * 20 * 4)
  },
)

async function expectFewRows(farm: TestFarm, query: Sql, what: string, most = rowsMax): Promise<void> {
  expect(await rowsRead(farm, query), what).toBeLessThan(most)
  expect(await rowsReadOfGenericPlan(farm, query), `${what}, generic plan`).toBeLessThan(most)
}
