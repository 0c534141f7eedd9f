import { expect } from 'vitest'
import type { CellView, Offer } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'
import { storeFailure } from './stored-failure.ts'

const at = new Date('2024-05-06T07:00:00Z')
const sourceOf = (name: string, repository: string, commit: string) => ({
  name,
  repository,
  commit,
  path: null,
  leaveOut: [],
  bytes: 1,
  crc: '1',
  sha256: '',
  md5: '',
})

/** Stores the commits of a line in the order of the letters. */
const storeLine = (farm: TestFarm, repository: string, letters: string) =>
  farm.commits.store(
    repository,
    [...letters].map((letter, index) => ({
      commit: commitOf(letter),
      parent: index === 0 ? null : commitOf(letters[index - 1] as string),
      author: `Author ${letter}`,
      subject: `Subject ${letter}`,
      committedAt: at,
    })),
  )

let claims = 0

/** Builds a commit, runs it on the host, and returns the number of the job. */
async function run(farm: TestFarm, host: HostHandle, commit: string, exits: number[], src = '1'): Promise<number> {
  const pushed = await farm.push(commitOf(commit))
  if (pushed.kind !== 'built') throw new Error(pushed.kind)
  const sources = [
    sourceOf('sample', '/srv/git/sample', commitOf(commit)),
    sourceOf('src', '/srv/git/src', commitOf(src)),
  ]
  await farm.builds.markSourcesReady(pushed.buildId, { sources })
  const offer = (await host.claim(++claims)) as Offer
  farm.wait(30)
  await farm.end(host, offer, { exits })
  farm.wait(30)
  return Number(offer.attempt.split('.')[0])
}

const address = { project: 'sample', host: 'vax', arch: 'amd64', variant: 'default' }

async function cellOf(farm: TestFarm, changes: Partial<typeof address> & { branch?: string } = {}): Promise<CellView> {
  const outcome = await farm.cells.find({ ...address, ...changes })
  if (outcome.kind !== 'found') throw new Error(outcome.kind)
  return outcome.cell
}

farmTest('a cell has its runs in the order of the commits, also if an older commit ends later', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  for (const letter of ['c', 'a', 'b']) await run(farm, vax, letter, [0, 0, 0])
  await farm.matrix.applyHistory({
    project: 'sample',
    branch: 'main',
    commits: ['c', 'b', 'a'].map(commitOf),
    complete: true,
  })
  const { runs, last } = await cellOf(farm)
  expect(runs.map(({ commit }) => commit)).toEqual(['c', 'b', 'a'].map(commitOf))
  expect(runs[0]).toMatchObject({ attempt: '1.1', verdict: 'passed', milliseconds: 30_000, purpose: 'build' })
  expect(last).toMatchObject({ state: 'passing', commit: commitOf('c') })
})

farmTest('a failing cell has the commits of every source since the last good run', async ({ farm }) => {
  await farm.configure()
  await storeLine(farm, '/srv/git/sample', 'abcd')
  await storeLine(farm, '/srv/git/src', '1234')
  const vax = await farm.host('vax')
  await run(farm, vax, 'a', [0, 0, 0])
  await run(farm, vax, 'c', [0, 1], '3')
  await run(farm, vax, 'd', [0, 1], '3')

  const { sinceLastGood } = await cellOf(farm)
  expect(sinceLastGood).toMatchObject({
    lastGood: { commit: commitOf('a'), jobId: 1 },
    since: { commit: commitOf('c'), jobId: 2 },
    commits: 4,
    compiler: null,
    facts: [],
    recipe: [],
  })
  expect(
    sinceLastGood?.sources.map(({ name, total, commits }) => [name, total, commits.map(({ author }) => author)]),
  ).toEqual([
    ['sample', 2, ['Author c', 'Author b']],
    ['src', 2, ['Author 3', 'Author 2']],
  ])
})

farmTest('if the farm does not know the commits of a source, their number is unknown', async ({ farm }) => {
  await farm.configure()
  await storeLine(farm, '/srv/git/sample', 'ab')
  const vax = await farm.host('vax')
  await run(farm, vax, 'a', [0, 0, 0])
  await run(farm, vax, 'b', [0, 1], '2')
  expect((await cellOf(farm)).sinceLastGood).toMatchObject({
    commits: null,
    sources: [
      { name: 'sample', total: 1 },
      { name: 'src', before: commitOf('1'), after: commitOf('2'), total: null, commits: [] },
    ],
  })
})

farmTest('a failing cell has the changes of host and recipe since the last good run', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, 'a', [0, 0, 0])
  await farm.hosts.hello({
    hostId: vax.id,
    instance: 'vax-1',
    slots: 2,
    version: '1.0.0',
    facts: { uname_s: 'Unix', uname_r: '8', disk_mb: '7' },
    arches: [{ arch: 'amd64', kind: 'native', compiler: 'cc 2' }],
  })
  await farm.configure(project({ env: { COLOUR: 'blue' } }))
  await run(farm, vax, 'b', [0, 1])
  expect((await cellOf(farm)).sinceLastGood).toMatchObject({
    facts: [
      { name: 'compiler amd64', before: 'cc 1', after: 'cc 2' },
      { name: 'uname_r', before: '', after: '8' },
    ],
    recipe: ['env'],
  })
})

farmTest('a failing cell has its failure, its hosts, and the earlier build with the same failure', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await storeFailure(farm, await run(farm, vax, 'a', [0, 1]))
  await run(farm, vax, 'b', [0, 0, 0])
  await storeFailure(farm, await run(farm, vax, 'c', [0, 1]))
  const { failure, spread, seenBefore, last } = await cellOf(farm)
  expect(last).toMatchObject({ state: 'newly-failing-unconfirmed', message: 'a.c:1: error: no' })
  expect(failure).toMatchObject({ attempt: '3.1', step: 'build', line: 7 })
  expect(spread).toEqual({ hosts: 1, names: ['vax'], of: 1, symbol: null, sameSymbol: [] })
  expect(seenBefore).toMatchObject({ buildId: 1, commit: commitOf('a') })
})

farmTest('a cell shows its waiting attempts, and a planned cell without a job has no runs', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  expect(await cellOf(farm)).toMatchObject({ planned: true, last: null, runs: [], open: [], sinceLastGood: null })
  const buildId = await farm.build(commitOf('a'))
  expect((await cellOf(farm)).open).toMatchObject([{ attempt: '1.1', buildId, state: 'queued', purpose: 'build' }])
})

farmTest.for([
  { title: 'project', changes: { project: 'none' }, outcome: { kind: 'unknown-project', known: ['sample'] } },
  { title: 'branch', changes: { branch: 'none' }, outcome: { kind: 'unknown-branch', known: ['main'] } },
  { title: 'host', changes: { host: 'none' }, outcome: { kind: 'unknown-cell' } },
  { title: 'arch', changes: { arch: 'none' }, outcome: { kind: 'unknown-cell' } },
  { title: 'variant', changes: { variant: 'toString' }, outcome: { kind: 'unknown-cell' } },
])('an unknown $title is an outcome, not an error', async ({ changes, outcome }, { farm }) => {
  await farm.configure()
  await run(farm, await farm.host('vax'), 'a', [0, 0, 0])
  expect(await farm.cells.find({ ...address, ...changes })).toMatchObject(outcome)
})

farmTest('a cell has at most its 50 newest runs', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, 'a', [0, 0, 0])
  await farm.sql(`
    INSERT INTO "Build" ("projectName", "commit", "branch", "createdAt")
    SELECT 'sample', 'c' || n, 'main', now() FROM generate_series(1, 60) n;
    INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position", "settled")
    SELECT 'sample', 'c' || n, 'main', 2000000 + n, true FROM generate_series(1, 60) n;
    INSERT INTO "Job" ("buildId", "projectName", "hostId", "arch", "variant", "recipeHash", "status")
    SELECT build."id", build."projectName", job."hostId", 'amd64', 'default', job."recipeHash", 'passed' FROM "Build" build, "Job" job
     WHERE job."id" = 1 AND build."id" > 1;
    INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "verdict", "queuedAt", "finishedAt")
    SELECT "id", 1, "hostId", 'passed', now(), now() FROM "Job" WHERE "id" > 1`)
  const { runs } = await cellOf(farm)
  expect(runs.length).toBe(50)
  expect([runs[0]?.commit, runs.at(-1)?.commit]).toEqual(['c60', 'c11'])
})
