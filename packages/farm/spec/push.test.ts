import { expect } from 'vitest'
import { commitOf, farmTest, project } from './farm-test.ts'

farmTest('a push makes one build with a job for each arch of each host', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax', ['amd64', 'arm'])
  await farm.host('sun', ['sparc64'])
  const pushed = await farm.push(commitOf('a'))

  expect(pushed).toEqual({ kind: 'built', buildId: 1, created: true, jobsAdded: 3 })
  const build = await farm.builds.find(1)
  expect(build?.jobs.map(job => `${job.host} ${job.arch} ${job.state}`).sort()).toEqual([
    'sun sparc64 waiting',
    'vax amd64 waiting',
    'vax arm waiting',
  ])
})

farmTest('two pushes of the same commit make one build', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.push(commitOf('a'))

  expect(await farm.push(commitOf('a'))).toEqual({ kind: 'built', buildId: 1, created: false, jobsAdded: 0 })
  expect(await farm.builds.list({ limit: 10 })).toHaveLength(1)
})

farmTest('if the recipe changes, the same commit gets a build with the new steps and sources', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  const source = { name: 'src', repository: 'https://git.example.org/src', leaveOut: [] }
  await farm.configure(project({ sources: [source], steps: [{ name: 'all', run: 'make all' }] }))

  expect(await farm.push(commitOf('a'))).toMatchObject({ buildId: 2, created: true, jobsAdded: 1 })
  expect(await farm.push(commitOf('a'))).toMatchObject({ buildId: 2, created: false, jobsAdded: 0 })
  expect((await farm.builds.findJob(2))?.recipe).toMatchObject({ sources: [source], steps: [{ run: 'make all' }] })
  expect((await farm.builds.find(2))?.sources).toBe('pending')
  await farm.configure()
  expect(await farm.push(commitOf('a'))).toMatchObject({ buildId: 1, created: false })
})

farmTest(
  'a change of the patterns of log lines makes no new build, and later jobs have the patterns',
  async ({ farm }) => {
    await farm.configure()
    await farm.host('vax')
    await farm.build(commitOf('a'))
    await farm.configure(project({ errors: ['^>> ERROR:'], ignore: ['probe'] }))

    expect(await farm.push(commitOf('a'))).toMatchObject({ buildId: 1, created: false })
    await farm.build(commitOf('b'))
    const [newest] = await farm.builds.listJobs({ limit: 1 })
    expect((await farm.builds.findJob(newest?.id ?? 0))?.recipe).toMatchObject({
      errors: ['^>> ERROR:'],
      ignore: ['probe'],
    })
  },
)

farmTest('a push can want only some cells, and a later push of the commit adds the others', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax', ['amd64', 'arm'])
  await farm.host('sun', ['sparc64'])
  const jobs = async (id: number) =>
    (await farm.builds.find(id))?.jobs.map(({ host, arch }) => `${host} ${arch}`).sort()

  const wanted = { hosts: ['v*'], arches: ['arm'] }
  expect(await farm.push(commitOf('a'), { wanted })).toMatchObject({ buildId: 1, created: true, jobsAdded: 1 })
  expect(await jobs(1)).toEqual(['vax arm'])
  expect(await farm.push(commitOf('a'))).toMatchObject({ buildId: 1, created: false, jobsAdded: 2 })
  expect(await farm.push(commitOf('b'), { wanted: { variants: ['none'] } })).toEqual({ kind: 'no-such-cell' })
  expect(await farm.builds.list({ limit: 9 })).toHaveLength(1)
})

farmTest('a commit of two branches has one build, unless the recipe uses the name of the branch', async ({ farm }) => {
  const usesBranch = { steps: [{ name: 'build', run: 'make BRANCH="$FARM_BRANCH"' }] }
  await farm.configure(
    project({ branches: ['*'] }),
    project({ name: 'named', branches: ['*'], ...usesBranch }),
    project({ name: 'asks', branches: ['*'], buildEachBranch: true }),
  )
  await farm.host('vax')
  const created = async (name: string, branch: string) => {
    const pushed = await farm.push(commitOf('a'), { project: name, branch })
    return pushed.kind === 'built' && pushed.created
  }
  expect([await created('sample', 'f'), await created('sample', 'main')]).toEqual([true, false])
  expect([await created('named', 'f'), await created('named', 'main'), await created('named', 'main')]).toEqual([
    true,
    true,
    false,
  ])
  expect([await created('asks', 'f'), await created('asks', 'main')]).toEqual([true, true])
})

farmTest('if a person presses "build again" twice, the farm makes one new build', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  const again = () => farm.push(commitOf('a'), { again: true, deliveryId: 'pressed' })
  const outcomes = await Promise.all([again(), again()])

  // The second request can see the first push, or only its build. In both cases, it gets the build of the first request.
  const builds = await farm.builds.list({ limit: 10 })
  expect(builds).toHaveLength(2)
  const id = builds[0]?.id // 2, or 3 if the slower request took a number first
  expect(outcomes.map(outcome => ('buildId' in outcome ? outcome.buildId : outcome.kind))).toEqual([id, id])
  expect(await farm.push(commitOf('a'))).toMatchObject({ buildId: 1, created: false })
})

farmTest('two copies of a delivery make only one build, even if they arrive at the same moment', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  const deliver = () => farm.push(commitOf('a'), { deliveryId: 'once' })
  await Promise.all([deliver(), deliver(), deliver()])

  const builds = await farm.builds.list({ limit: 10 })
  expect(builds).toHaveLength(1)
  const buildId = builds[0]?.id ?? 0 // not always 1, because a rejected delivery may also use up a number
  expect(await deliver()).toEqual({ kind: 'repeated', buildId })
  expect((await farm.builds.find(buildId))?.jobs).toHaveLength(1)
})

farmTest('a repeated push adds jobs for the hosts that enrolled after the first push', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.host('sun', ['sparc64'])

  expect(await farm.push(commitOf('a'))).toMatchObject({ created: false, jobsAdded: 1 })
  expect((await farm.builds.find(1))?.jobs.map(job => job.state)).toEqual(['queued', 'queued'])
})

farmTest(
  'the farm records a push to a branch that the project does not build, and builds nothing',
  async ({ farm }) => {
    await farm.configure()
    expect(await farm.push(commitOf('a'), { branch: 'topic' })).toEqual({
      kind: 'branch-not-built',
      branches: ['main', 'release/*'],
    })
    expect(await farm.push(commitOf('b'), { branch: 'release/1.0' })).toMatchObject({ kind: 'built' })
    expect(await farm.builds.list({ limit: 10 })).toHaveLength(1)
  },
)

farmTest('the answer to a push of an unknown project names the known projects', async ({ farm }) => {
  await farm.configure(project(), project({ name: 'other' }))
  expect(await farm.push(commitOf('a'), { project: 'samle' })).toEqual({
    kind: 'unknown-project',
    known: ['other', 'sample'],
  })
})

farmTest('if the sources are not available, every job ends as broken with the message of git', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.push(commitOf('a'))
  await farm.builds.markSourcesFailed(1, 'fatal: repository not found')

  const job = await farm.builds.findJob(1)
  expect(job).toMatchObject({
    verdict: 'broken',
    attempts: [{ reason: 'sources', detail: 'fatal: repository not found' }],
  })
  expect((await farm.matrix.load()).cells[0]?.last).toMatchObject({ verdict: 'broken' })
  expect(await farm.builds.find(1)).toMatchObject({ sources: 'failed', problem: 'fatal: repository not found' })
})

farmTest('if somebody repeats a build whose sources failed, the farm prepares the sources again', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.push(commitOf('a'))
  await farm.builds.markSourcesFailed(1, 'fatal: unable to access')
  await farm.push(commitOf('a'))

  expect(await farm.builds.listUnprepared()).toEqual([1])
  expect((await farm.builds.findJob(1))?.attempts.map(attempt => attempt.state)).toEqual(['waiting', 'finished'])
})

farmTest('a job keeps the exact recipe that it ran with', async ({ farm }) => {
  await farm.configure()
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.configure(project({ steps: [{ name: 'all', run: 'make all' }], env: { COLOUR: 'blue' } }))
  await farm.build(commitOf('b'))

  expect((await farm.builds.findJob(1))?.recipe).toMatchObject({
    env: { COLOUR: 'red' },
    steps: [{}, {}, { run: 'make test' }],
  })
  expect((await farm.builds.findJob(2))?.recipe).toMatchObject({
    env: { COLOUR: 'blue' },
    steps: [{ run: 'make all' }],
  })
})

farmTest('a variant and a variable may have the name __proto__', async ({ farm }) => {
  const called = <Value>(value: Value): Record<string, Value> => Object.fromEntries([['__proto__', value]])
  const everywhere = { hosts: ['*'], arches: ['*'] }
  await farm.configure(project({ env: called('of the project'), variants: called({ env: {}, ...everywhere }) }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const job = await farm.builds.findJob(1)

  expect(job?.variant).toBe('__proto__')
  expect(Object.entries(job?.recipe.env ?? {})).toEqual([['__proto__', 'of the project']])
  expect(JSON.stringify(await vax.claim(1))).toContain('"env":{"__proto__":"of the project"}')
})
