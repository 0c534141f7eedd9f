import { expect } from 'vitest'
import type { BranchToRead, Matrix, Offer } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

let claims = 0
const run = async (farm: TestFarm, host: HostHandle, commit: string, exits: number[]) => {
  await farm.build(commit)
  return farm.end(host, (await host.claim(++claims)) as Offer, { exits })
}
const built = async (farm: TestFarm, commit: string, branch: string) => {
  const outcome = await farm.push(commit, { branch })
  if (outcome.kind !== 'built') throw new Error(outcome.kind)
  return outcome
}
const cellOf = (matrix: Matrix, host: string, arch = 'amd64') =>
  matrix.cells.find(cell => cell.host === host && cell.arch === arch)

farmTest('the matrix shows a planned cell before its first job', async ({ farm }) => {
  await farm.configure(project({ arches: ['amd64', 'arm'] }))
  await farm.host('vax', ['amd64', 'arm', 'sparc64'])
  const matrix = await farm.matrix.load()

  expect(matrix.arches).toEqual(['amd64', 'arm', 'sparc64'])
  expect(matrix.cells.map(({ arch, last, active }) => ({ arch, last, active }))).toEqual([
    { arch: 'amd64', last: null, active: null },
    { arch: 'arm', last: null, active: null },
  ])
})

farmTest('a failing cell shows the start of its failures and the last good commit', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  farm.wait(60)
  await run(farm, vax, commitOf('b'), [0, 1])
  const brokenAt = farm.now()
  farm.wait(60)
  await run(farm, vax, commitOf('c'), [0, 1])

  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({
    verdict: 'failed',
    failedStep: 'build',
    commit: commitOf('c'),
    since: { commit: commitOf('b'), at: brokenAt, buildId: 2 },
    lastGood: { commit: commitOf('a'), buildId: 1 },
  })
})

farmTest('if a cell passes, or fails at the step of a known failure, it shows the known reason', async ({ farm }) => {
  const entry = { because: 'no floating point', hosts: ['vax'], arches: ['*'], variants: ['*'], step: 'build' }
  await farm.configure(project({ knownFailures: [entry] }))
  const vax = await farm.host('vax')
  const seen = async () => cellOf(await farm.matrix.load(), 'vax')?.known
  expect(await seen()).toBeNull()
  await run(farm, vax, commitOf('a'), [0, 1])
  expect(await seen()).toBe('no floating point')
  await run(farm, vax, commitOf('b'), [0, 0, 1])
  expect(await seen()).toBeNull()
  await run(farm, vax, commitOf('c'), [0, 0, 0])
  expect(await seen()).toBe('no floating point')
  await farm.configure(project())
  expect(await seen()).toBeNull()
})

farmTest('if the failed step changes, "since" stays, and "changed" is the build of the change', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 1])
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({
    since: { commit: commitOf('a') },
    changed: null,
  })
  await run(farm, vax, commitOf('b'), [0, 1])
  const changedAt = farm.now()
  await run(farm, vax, commitOf('c'), [0, 1])
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({
    failedStep: 'build',
    since: { commit: commitOf('a'), buildId: 1 },
    changed: { commit: commitOf('b'), buildId: 2, at: changedAt },
  })
  await run(farm, vax, commitOf('d'), [0, 0, 0])
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({
    since: { commit: commitOf('d') },
    changed: null,
  })
})

farmTest('an older build that ends late does not replace the result of a newer build', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const old = (await vax.claim(1)) as Offer
  await farm.build(commitOf('b'))
  const newer = (await vax.claim(1, { slot: 2 })) as Offer
  await farm.end(vax, newer)
  await farm.end(vax, old, { exits: [1] })

  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({ verdict: 'passed', commit: commitOf('b') })
})

farmTest('if an older build ends late and passes, its commit can be the last good commit', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const old = (await vax.claim(1)) as Offer
  await farm.build(commitOf('b'))
  await farm.end(vax, (await vax.claim(1, { slot: 2 })) as Offer, { exits: [1] })
  await farm.end(vax, old)

  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({
    verdict: 'failed',
    commit: commitOf('b'),
    since: { commit: commitOf('b') },
    lastGood: { commit: commitOf('a'), buildId: 1 },
  })
})

farmTest.for([
  { name: 'cancelled', reason: 'cancelled' },
  { name: 'broken', reason: 'disk-full' },
  { name: 'lost', reason: 'stopped' },
] as const)('a cell keeps its state when a newer job ends as $name', async ({ name, reason }, { farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  await run(farm, vax, commitOf('b'), [0, 1])
  const before = cellOf(await farm.matrix.load(), 'vax')?.last
  const buildId = await farm.build(commitOf('c'))
  const offer = (await vax.claim(++claims)) as Offer
  if (reason === 'cancelled') await farm.builds.cancel(buildId)
  await farm.end(vax, offer, { exits: [0], reason })

  expect((await farm.builds.listJobs({ limit: 1 }))[0]).toMatchObject({
    buildId,
    verdict: name === 'lost' ? null : name,
  })
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toEqual(before)
  expect(before).toMatchObject({ verdict: 'failed', commit: commitOf('b'), lastGood: { commit: commitOf('a') } })
})

farmTest('a cell shows the newest build with a result, even if a newer build was cancelled', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const old = (await vax.claim(1)) as Offer
  await farm.builds.cancel(await farm.build(commitOf('b')))
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({ verdict: 'cancelled', commit: commitOf('b') })
  await farm.end(vax, old, { exits: [1] })

  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({
    verdict: 'failed',
    commit: commitOf('a'),
    since: { commit: commitOf('a') },
    lastGood: null,
  })
})

/** Gives a branch this history. Each letter is a commit, and the newest commit is first. */
const place = (farm: TestFarm, letters: string, changes: { branch?: string; complete?: boolean } = {}) =>
  farm.matrix.applyHistory({
    project: 'sample',
    branch: 'main',
    commits: [...letters].map(commitOf),
    complete: true,
    ...changes,
  })

farmTest('the farm emits one event if the history of a branch changes, and otherwise none', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.push(commitOf('a'))
  await farm.push(commitOf('b'), { branch: undefined })
  const placed = () => farm.events.filter(({ kind }) => kind === 'history-changed')
  await place(farm, 'ba')
  expect(placed()).toEqual([{ kind: 'history-changed', project: 'sample' }])
  await place(farm, 'ba')
  expect(placed()).toHaveLength(1)
})

farmTest('after a force push to an older commit, a cell shows the newest result of that commit', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 1])
  await run(farm, vax, commitOf('b'), [0, 1])
  await place(farm, 'ba')
  expect(await farm.push(commitOf('a'))).toMatchObject({ created: false })
  expect((await farm.matrix.listBranchesToRead('sample')).map(({ branch }) => branch)).toEqual(['main'])
  await place(farm, 'a')
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({ commit: commitOf('a'), failedStep: 'tests' })

  await farm.builds.retryJob(1)
  await farm.end(vax, (await vax.claim(++claims)) as Offer)
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({ commit: commitOf('a'), verdict: 'passed' })
})

farmTest('if somebody triggers an older commit and its build fails, the newest result stays', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('b'), [0, 0, 0])
  await place(farm, 'ba')
  const built = await farm.push(commitOf('a'), { branch: undefined })
  if (built.kind !== 'built') throw new Error(built.kind)
  await farm.builds.markSourcesReady(built.buildId, { sources: [] })
  await farm.end(vax, (await vax.claim(++claims)) as Offer, { exits: [1] })
  const { finishedAt, lastGood, since, verdict } = cellOf(await farm.matrix.load(), 'vax')?.last ?? {}
  await place(farm, 'ba')

  expect([verdict, since?.commit]).toEqual(['passed', commitOf('b')])
  const newest = { verdict, finishedAt, lastGood, since, state: 'fixed' }
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject(newest)
})

farmTest('if the recipe uses the branch, a result counts only for the branch of its build', async ({ farm }) => {
  await farm.configure(project({ buildEachBranch: true, branches: ['*'] }))
  const vax = await farm.host('vax')
  for (const [branch, exits] of [
    ['f', [1]],
    ['main', [0, 0, 0]],
  ] as const) {
    const built = await farm.push(commitOf('a'), { branch })
    if (built.kind !== 'built') throw new Error(built.kind)
    await farm.builds.markSourcesReady(built.buildId, { sources: [] })
    await farm.end(vax, (await vax.claim(++claims)) as Offer, { exits: [...exits] })
  }
  expect(cellOf(await farm.matrix.load({ branch: 'f' }), 'vax')?.last).toMatchObject({ state: 'failing' })
  expect(cellOf(await farm.matrix.load({ branch: 'main' }), 'vax')?.last).toMatchObject({ state: 'passing' })
})

farmTest('if two pushes arrive in the wrong order, the cell shows the newest commit', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('b'), [0, 0, 0])
  await run(farm, vax, commitOf('a'), [1])
  await place(farm, 'ba')

  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({ verdict: 'passed', commit: commitOf('b') })
})

farmTest('each branch has its own cells', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  farm.wait(60)
  await farm.builds.markSourcesReady((await built(farm, commitOf('b'), 'release/1')).buildId, { sources: [] })
  await farm.end(vax, (await vax.claim(++claims)) as Offer, { exits: [1] })

  const matrix = await farm.matrix.load()
  expect(matrix.branches).toEqual([{ project: 'sample', shown: 'main', built: ['release/1', 'main'], removedAt: null }])
  expect(cellOf(matrix, 'vax')).toMatchObject({ branch: 'main', last: { verdict: 'passed', commit: commitOf('a') } })
  const other = await farm.matrix.load({ branch: 'release/1' })
  expect(cellOf(other, 'vax')).toMatchObject({
    branch: 'release/1',
    last: { verdict: 'failed', commit: commitOf('b') },
  })
  expect((await farm.matrix.load({ branch: 'release/2' })).projects).toEqual([])
})

farmTest('a result counts for every built branch that contains its commit', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  await built(farm, commitOf('b'), 'release/1')
  await place(farm, 'ba', { branch: 'release/1' })
  const onRelease = async () => cellOf(await farm.matrix.load({ branch: 'release/1' }), 'vax')?.last
  expect(await onRelease()).toMatchObject({ verdict: 'passed', commit: commitOf('a') })

  farm.wait(60)
  await farm.push(commitOf('a'), { again: true })
  await farm.builds.markSourcesReady(3, { sources: [] })
  await farm.builds.cancel(2)
  await farm.end(vax, (await vax.claim(++claims)) as Offer, { exits: [1] })
  expect(await onRelease()).toMatchObject({ verdict: 'failed', commit: commitOf('a') })
  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({ verdict: 'failed', commit: commitOf('a') })
})

farmTest('a result of a commit that is outside all branches does not change a cell', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  await farm.push(commitOf('f'), { branch: undefined })
  await farm.builds.markSourcesReady(2, { sources: [] })
  await place(farm, 'a')
  await farm.end(vax, (await vax.claim(++claims)) as Offer, { exits: [1] })

  expect(cellOf(await farm.matrix.load(), 'vax')?.last).toMatchObject({ verdict: 'passed', commit: commitOf('a') })
  expect((await farm.builds.listJobs({ limit: 1 }))[0]).toMatchObject({ commit: commitOf('f'), verdict: 'failed' })
})

farmTest(
  'if no push has named a branch yet, the first built commit belongs to the default branch',
  async ({ farm }) => {
    await farm.configure(project({ branches: ['**'] }))
    const vax = await farm.host('vax')
    await farm.push(commitOf('a'), { branch: undefined })
    await farm.builds.markSourcesReady(1, { sources: [] })
    await farm.end(vax, (await vax.claim(++claims)) as Offer)
    expect(cellOf(await farm.matrix.load(), 'vax')).toMatchObject({ branch: 'main', last: { verdict: 'passed' } })

    const [line] = await farm.matrix.listBranchesToRead('sample')
    if (!line) throw new Error('no branch must be read')
    await farm.matrix.markBranchMissing(line, 'develop')
    expect(cellOf(await farm.matrix.load(), 'vax')).toMatchObject({ branch: 'develop', last: { verdict: 'passed' } })
    expect((await farm.matrix.listBranchesToRead('sample')).map(({ branch }) => branch)).toEqual(['develop'])
  },
)

farmTest('the farm tries to read a history every five minutes, for a day after the push', async ({ farm }) => {
  await farm.configure()
  await farm.push(commitOf('a'))
  const read = async () => (await farm.matrix.listBranchesToRead())[0]
  const first = await read()
  await farm.matrix.markBranchUnreadable(first as BranchToRead)
  expect(await read()).toBeUndefined()
  farm.wait(301)
  const second = await read()
  expect(second).toMatchObject({ project: 'sample', branch: 'main' })
  await farm.push(commitOf('b')) // requests a new read, so the older read is not the last one
  await farm.matrix.markBranchRead(second as BranchToRead)
  expect(await read()).toBeDefined()
  farm.wait(86_400)
  await farm.matrix.markBranchUnreadable((await read()) as BranchToRead)
  farm.wait(301)
  expect(await read()).toBeUndefined()
})

farmTest('if two jobs of a cell finish at the same moment, the cell shows the newest commit', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  for (const letter of 'abcd') {
    await farm.build(commitOf(letter))
    await farm.build(commitOf(letter.toUpperCase()))
    const offers = [await vax.claim(++claims, { slot: 1 }), await vax.claim(claims, { slot: 2 })] as Offer[]
    await Promise.all([
      ...offers.map(offer => farm.end(vax, offer)),
      place(farm, `${letter.toUpperCase()}${letter}`, { complete: false }),
    ])
    expect(cellOf(await farm.matrix.load(), 'vax')?.last?.commit).toBe(commitOf(letter.toUpperCase()))
  }
})

farmTest('a cell shows how many other cells have a result of the same commit', async ({ farm }) => {
  await farm.configure()
  const [vax, sun, sgi] = [await farm.host('vax'), await farm.host('sun'), await farm.host('sgi')]
  for (const host of [vax, sun, sgi]) {
    await farm.build(commitOf('a'))
    await farm.end(host, (await host.claim(1)) as Offer)
  }
  await farm.build(commitOf('b'))
  const endAt = async (host: HostHandle, exits: number[]) => farm.end(host, (await host.claim(2)) as Offer, { exits })
  const alike = async (host: string) => cellOf(await farm.matrix.load(), host)?.alike

  await endAt(vax, [0, 1])
  expect(await alike('vax')).toEqual({ cells: 0, of: 0, notYet: 2 })
  await endAt(sun, [0, 1])
  expect(await alike('vax')).toEqual({ cells: 1, of: 1, notYet: 1 })
  await endAt(sgi, [0, 0, 0])
  expect(await alike('vax')).toEqual({ cells: 1, of: 2, notYet: 0 })
  expect(await alike('sgi')).toEqual({ cells: 0, of: 2, notYet: 0 })
})

farmTest('the matrix shows an active attempt together with the last result', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  await farm.build(commitOf('b'))

  expect(cellOf(await farm.matrix.load(), 'vax')).toMatchObject({
    last: { verdict: 'passed' },
    active: { state: 'queued', buildId: 2 },
  })
})

farmTest('the matrix removes an arch that a host no longer declares', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax', ['amd64', 'arm'])
  const arches = [{ arch: 'arm', kind: 'cross', compiler: 'arm-cc 1' }] as const
  await farm.hosts.hello({ hostId: vax.id, instance: 'vax-1', slots: 1, version: '1', facts: {}, arches: [...arches] })

  expect((await farm.matrix.load()).cells.map(cell => cell.arch)).toEqual(['arm'])
})

farmTest('the matrix of one project contains only cells of this project', async ({ farm }) => {
  const variants = {
    dynamic: { env: {}, hosts: ['sun'], arches: ['*'] }, // the first variant here is the first in the matrix
    static: { env: {}, hosts: ['*'], arches: ['*'] },
  }
  await farm.configure(project(), project({ name: 'rump', variants }))
  await farm.host('vax')
  await farm.host('sun')

  const cells = (await farm.matrix.load({ project: 'rump' })).cells.map(cell => `${cell.host} ${cell.variant}`)
  expect(cells).toEqual(['sun dynamic', 'sun static', 'vax static'])
})

farmTest('a host is away after its agent stopped, and silent after two minutes without a message', async ({ farm }) => {
  const vax = await farm.host('vax')
  const presence = async () => (await farm.hosts.find('vax'))?.presence
  expect(await presence()).toBe('online')
  await farm.pass(115)
  expect(await presence()).toBe('silent')
  expect((await farm.matrix.load()).hosts).toMatchObject([{ presence: 'silent' }])
  await vax.claim(1)
  expect(await presence()).toBe('online')
  await farm.hosts.bye(vax.id, 'vax-1')
  expect(await presence()).toBe('away')
})

farmTest('the longest wait counts every waiting job of a cell, and jobs that wait for sources', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  const longest = async (filter = {}) => (await farm.matrix.glance(filter)).news.longestWait
  expect(await longest()).toBeNull()
  const first = await built(farm, commitOf('a'), 'main')
  const start = farm.now()
  farm.wait(60)
  await farm.build(commitOf('b'))
  farm.wait(60)
  await farm.build(commitOf('c'))
  expect(await longest()).toEqual({ jobId: 1, host: 'vax', arch: 'amd64', since: start })

  farm.wait(60)
  await farm.builds.markSourcesReady(first.buildId, { sources: [] })
  expect(await longest()).toMatchObject({ jobId: 2 })
  for (const filter of [
    { project: 'sample' },
    { host: 'va' },
    { arch: 'amd64', variant: 'default' },
    { branch: 'main' },
  ])
    expect([filter, await longest(filter)]).toMatchObject([filter, { jobId: 2 }])
  for (const filter of [{ project: 'other' }, { host: 'alpha' }, { arch: 'arm' }, { branch: 'release/1' }])
    expect([filter, await longest(filter)]).toEqual([filter, null])
})
