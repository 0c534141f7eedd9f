import { expect } from 'vitest'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'

const [a, b] = [commitOf('a'), commitOf('b')]

/** Builds a commit of a branch on a host, and ends its job. */
async function built(
  farm: TestFarm,
  host: Awaited<ReturnType<TestFarm['host']>>,
  commit: string,
  branch: string,
  claim: number,
  exits?: number[],
) {
  const pushed = await farm.push(commit, { branch })
  if (pushed.kind !== 'built') throw new Error(pushed.kind)
  await farm.builds.markSourcesReady(pushed.buildId, { sources: [] })
  const offer = await host.claim(claim)
  if (typeof offer === 'string') throw new Error(offer)
  await farm.end(host, offer, exits ? { exits } : {})
}

const cellsOf = async (farm: TestFarm, branch?: string) =>
  (await farm.matrix.load(branch === undefined ? {} : { branch })).cells.map(
    cell => `${cell.branch} ${cell.last?.commit[0]}`,
  )

farmTest('a deleted branch leaves the matrix, its history stays, and a push brings it back', async ({ farm }) => {
  const host = await farm.host('one')
  await farm.configure()
  await built(farm, host, a, 'main', 1)
  await built(farm, host, b, 'release/1', 2)
  expect(await cellsOf(farm, 'release/1')).toEqual(['release/1 b'])

  expect(await farm.branches.remove('sample', 'release/1')).toEqual({ kind: 'removed' })
  expect(await farm.branches.remove('sample', 'release/1')).toEqual({ kind: 'unknown' })
  expect(await cellsOf(farm, 'release/1')).toEqual([])
  expect(await cellsOf(farm)).toEqual(['main a'])
  expect((await farm.matrix.load()).branches[0]).toMatchObject({ shown: 'main', built: ['main'] })
  expect(await farm.cells.recentChanges({ branch: 'release/1' })).toMatchObject({ kind: 'unknown-branch' })
  expect(await farm.builds.list({ limit: 5 })).toHaveLength(2)
  expect(await farm.matrix.listBranchesToRead()).toMatchObject([{ branch: 'main' }])

  await farm.push(b, { branch: 'release/1' })
  expect(await cellsOf(farm, 'release/1')).toEqual(['release/1 b'])
})

farmTest('the problems of a deleted branch close without a message', async ({ farm }) => {
  const host = await farm.host('one')
  await farm.configure()
  await built(farm, host, a, 'main', 1)
  await built(farm, host, b, 'release/1', 2, [1])
  const attempt = (await farm.failures.listExaminations())[0]
  await farm.sql('DELETE FROM "Examination"')
  await farm.sql(`
    WITH problem AS (
      INSERT INTO "Problem" ("projectName", "branch", "key", "verdict", "openedAt", "openedBuildId")
      VALUES ('sample', 'release/1', 'k', 'failed', now(), 2) RETURNING "id")
    INSERT INTO "ProblemCell" ("problemId", "projectName", "branch", "hostId", "arch", "variant", "jobId", "number",
           "sinceBuildId", "sinceCommit", "sinceAt")
    SELECT "id", 'sample', 'release/1', ${host.id}, 'amd64', 'default', 2, 1, 2, '${b}', now() FROM problem`)
  expect(attempt).toBe('2.1')
  await farm.branches.remove('sample', 'release/1')
  expect(await farm.sql('SELECT "closedAt" IS NULL AS "open" FROM "Problem"')).toEqual([{ open: false }])
  expect(await farm.sql('SELECT "ended" FROM "ProblemCell"')).toEqual([{ ended: 'gone' }])
})

farmTest(
  'if a project leaves farm.yaml, its jobs are cancelled with the reason, also on a paused host',
  async ({ farm }) => {
    const [one, two] = [await farm.host('one'), await farm.host('two')]
    await farm.configure(project(), project({ name: 'other', repository: '/srv/git/other' }))
    await farm.build(a)
    const offer = await one.claim(1)
    if (typeof offer === 'string') throw new Error(offer)
    await farm.hosts.setPaused('two', true)
    await farm.configure(project({ name: 'other', repository: '/srv/git/other' }))
    await farm.hosts.setPaused('two', false)
    expect(await two.claim(1)).toBe('none')
    expect((await farm.verdicts()).sort()).toEqual(['cancelled', 'leased'])
    await farm.end(one, offer, { exits: [], reason: 'cancelled' })
    const jobs = await farm.builds.listJobs({ limit: 5 })
    const details = await Promise.all(jobs.map(async ({ id }) => (await farm.builds.findJob(id))?.attempts[0]?.detail))
    expect(details).toEqual(['the project was removed from farm.yaml', 'the project was removed from farm.yaml'])
  },
)

farmTest(
  'the cells of a deleted branch and of a removed project are reported once, and again when they return',
  async ({ farm }) => {
    const host = await farm.host('one')
    await farm.configure()
    await built(farm, host, a, 'main', 1)
    await built(farm, host, b, 'release/1', 2)
    /** What changes between now and the end of the action. The answers overlap by 30 seconds. */
    const changed = async (action: () => Promise<unknown>) => {
      farm.wait(60)
      const before = farm.now()
      await action()
      farm.wait(1)
      const { cells, removedCells } = await farm.changes.since(before)
      return { cells: cells.map(({ branch }) => branch), gone: removedCells.map(({ branch }) => branch) }
    }
    expect(await changed(() => farm.branches.remove('sample', 'release/1'))).toEqual({ cells: [], gone: ['release/1'] })
    expect(await changed(() => farm.push(b, { branch: 'release/1' }))).toEqual({ cells: ['release/1'], gone: [] })
    expect(await changed(() => farm.branches.remove('sample', 'release/1'))).toEqual({ cells: [], gone: ['release/1'] })
    const other = project({ name: 'other', repository: '/srv/git/other' })
    expect(await changed(() => farm.configure(other))).toEqual({ cells: [], gone: ['main'] })
    expect(await changed(async () => {})).toEqual({ cells: [], gone: [] })
  },
)

farmTest('a job that ends after its branch was deleted reports no cell', async ({ farm }) => {
  const host = await farm.host('one')
  await farm.configure()
  const pushed = await farm.push(b, { branch: 'release/1' })
  if (pushed.kind !== 'built') throw new Error(pushed.kind)
  await farm.builds.markSourcesReady(pushed.buildId, { sources: [] })
  const offer = await host.claim(1)
  if (typeof offer === 'string') throw new Error(offer)
  await farm.branches.remove('sample', 'release/1')
  await farm.end(host, offer)
  expect((await farm.changes.since(farm.now())).cells).toEqual([])
})
