import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'

/** The owner of the host allows code from forks. */
const allowForks = (farm: TestFarm) =>
  farm.sql(`UPDATE "Host" SET "rules" = '[{"verb": "allow-forks", "project": "*", "branches": []}]'`)

const attempts = (farm: TestFarm) =>
  farm.sql<{ priority: number; fork: boolean }>(`SELECT "priority", "fork" FROM "Attempt" ORDER BY "jobId", "number"`)

const matrixOf = async ({ farm }: { farm: TestFarm }) => (await farm.matrix.load()).cells

farmTest('each kind of build of a commit is a build of its own, and has no branch', async ({ farm }) => {
  await farm.configure(project({ tags: ['v*'] }))
  await farm.host('vax')
  await allowForks(farm)
  await farm.push(commitOf('a'))
  await farm.push(commitOf('a'), { of: { kind: 'tag', tag: 'v1' } })
  await farm.push(commitOf('a'), { of: { kind: 'tag', tag: 'v1-again' } })
  await farm.push(commitOf('a'), { of: { kind: 'pull-request', id: 7, fork: true } })
  await farm.push(commitOf('a'), { of: { kind: 'try', id: 'u-1' }, cause: 'hand' })
  expect(await farm.push(commitOf('a'), { of: { kind: 'tag', tag: 'v1' } })).toMatchObject({ created: false })

  const builds = (await farm.builds.list({ limit: 9 })).toReversed()
  const facts = builds.map(({ kind, branch, tag, pullRequestId, fork, cause }) =>
    [kind, branch ?? tag ?? pullRequestId, fork, cause].join(' '),
  )
  expect(facts).toEqual([
    'branch main false push',
    'tag v1 false push',
    'tag v1-again false push',
    'pull-request 7 true push',
    'try  false hand',
  ])
  expect(await farm.sql(`SELECT "name" FROM "Branch"`)).toEqual([{ name: 'main' }])
  expect(await farm.sql(`SELECT count(*)::int AS "of" FROM "Job" WHERE "branch" IS NULL`)).toEqual([{ of: 4 }])
})

farmTest('a pull request runs only on the hosts that it names', async ({ farm }) => {
  await farm.configure(project({ tags: ['v*'] }))
  await farm.host('vax')
  await farm.host('sun')
  const of = { kind: 'pull-request', id: 1, fork: false, hosts: ['s*'] } as const
  expect(await farm.push(commitOf('a'), { of: { ...of, hosts: [...of.hosts] } })).toMatchObject({ jobsAdded: 1 })
  expect((await farm.builds.find(1))?.jobs.map(({ host }) => host)).toEqual(['sun'])
})

farmTest('only builds of branches change cells, histories and problems', async ({ farm }) => {
  await farm.configure(project({ tags: ['v*'] }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.end(vax, (await vax.claim(1)) as Offer)
  const before = await matrixOf({ farm })
  const history = await farm.sql(`SELECT * FROM "BranchCommit"`)

  const others = [
    { kind: 'tag', tag: 'v1' },
    { kind: 'pull-request', id: 7, fork: false },
    { kind: 'try', id: 'u-1' },
  ] as const
  let claims = 1
  for (const of of others) {
    const built = await farm.push(commitOf('a'), { of })
    if (built.kind !== 'built') throw new Error(built.kind)
    await farm.builds.markSourcesReady(built.buildId, { sources: [] })
    const offer = (await vax.claim(++claims)) as Offer
    expect(offer.branch).toBeNull()
    await farm.end(vax, offer, { exits: [0, 1] })
    await farm.failures.examine({ jobId: offer.jobId, number: 1 })
  }
  expect(await matrixOf({ farm })).toEqual(before)
  await farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits: [commitOf('a')], complete: true })
  expect(await matrixOf({ farm })).toEqual(before)
  expect(await farm.sql(`SELECT "commit" FROM "BranchCommit"`)).toHaveLength(history.length)
  expect(await farm.sql(`SELECT FROM "Problem"`)).toEqual([])
  // No host confirms these failures.
  expect(await farm.sql(`SELECT FROM "Attempt" WHERE "state" <> 'finished'`)).toEqual([])
})

farmTest('a commit that only a tag built is no commit of a branch', async ({ farm }) => {
  await farm.configure(project({ tags: ['v*'] }))
  await farm.host('vax')
  await farm.push(commitOf('a'))
  await farm.push(commitOf('b'), { of: { kind: 'tag', tag: 'v1' } })
  const commits = [commitOf('b'), commitOf('a')]
  await farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits, complete: true })
  expect(await farm.sql(`SELECT "commit" FROM "BranchCommit"`)).toEqual([{ commit: commitOf('a') }])
})

farmTest(
  'the attempts of a job keep its priority and fork; a person who runs a job again waits for it',
  async ({ farm }) => {
    await farm.configure(project({ tags: ['v*'] }))
    const vax = await farm.host('vax')
    await allowForks(farm)
    await farm.push(commitOf('a'), { of: { kind: 'pull-request', id: 7, fork: true }, cause: 'poll' })
    await farm.builds.markSourcesReady(1, { sources: [] })
    await farm.end(vax, (await vax.claim(1)) as Offer, { reason: 'vanished' })
    await farm.end(vax, (await vax.claim(2)) as Offer)
    await farm.builds.retryJob(1)
    expect(await attempts(farm)).toEqual([
      { priority: 30, fork: true },
      { priority: 30, fork: true },
      { priority: 40, fork: true },
    ])
    const causes = ['hand', 'schedule', 'source'] as const
    for (const [index, cause] of causes.entries()) await farm.push(commitOf(String(index)), { cause })
    expect((await attempts(farm)).slice(3).map(({ priority }) => priority)).toEqual([40, 20, 30])
  },
)

farmTest('a schedule builds a commit again, once for each run', async ({ farm }) => {
  await farm.configure(project({ tags: ['v*'] }))
  await farm.host('vax')
  await farm.push(commitOf('a'))
  const nightly = (deliveryId: string) => farm.push(commitOf('a'), { cause: 'schedule', again: true, deliveryId })
  expect(await nightly('nightly 1')).toMatchObject({ created: true })
  expect(await nightly('nightly 1')).toMatchObject({ kind: 'repeated', buildId: 2 })
  expect(await nightly('nightly 2')).toMatchObject({ created: true, buildId: 3 })
})

farmTest('a project builds only the tags that farm.yaml names, and its hosts receive the name', async ({ farm }) => {
  const vax = await farm.host('vax')
  const push = (tag: string) => farm.push(commitOf('a'), { of: { kind: 'tag', tag } })
  await farm.configure()
  expect(await push('v1')).toEqual({ kind: 'tag-not-built', tags: [] })
  await farm.configure(project({ tags: ['v*', 'release/*'] }))
  expect(await push('beta')).toEqual({ kind: 'tag-not-built', tags: ['v*', 'release/*'] })
  expect(await push('v1')).toMatchObject({ kind: 'built', buildId: 1, created: true })
  await farm.builds.markSourcesReady(1, { sources: [] })
  expect(await vax.claim(1)).toMatchObject({ tag: 'v1', branch: null })
  expect(await farm.builds.findJob(1)).toMatchObject({ tag: 'v1', branch: null })
})
