// The farm follows the rules of a host's owner. In addition, the agent refuses forbidden jobs.
import type { OwnerRule } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import { commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

const say = (farm: TestFarm, host: HostHandle, changes: Partial<Parameters<TestFarm['hosts']['hello']>[0]>) =>
  farm.hosts.hello({
    hostId: host.id,
    instance: `${host.name}-1`,
    slots: 2,
    version: '1.0.0',
    facts: {},
    arches: [{ arch: 'amd64', kind: 'native', compiler: 'cc 1' }],
    ...changes,
  })

const rule = (verb: OwnerRule['verb'], project: string, ...branches: string[]): OwnerRule => ({
  verb,
  project,
  branches,
})

farmTest(
  'the farm does not plan a job that the owner of the host forbids, and the matrix shows the reason',
  async ({ farm }) => {
    await farm.configure()
    const vax = await farm.host('vax')
    await farm.host('sun')
    await say(farm, vax, { rules: [rule('allow', 'sample', 'release/*')] })
    await farm.build(commitOf('a'))

    expect((await farm.builds.listJobs({ limit: 9 })).map(job => job.host)).toEqual(['sun'])
    const released = await farm.push(commitOf('b'), { branch: 'release/1' })
    expect(released).toMatchObject({ kind: 'built', jobsAdded: 2 })
    await say(farm, vax, { rules: [rule('deny', 'sample')] })
    const { cells } = await farm.matrix.load()
    expect(cells.map(cell => [cell.host, cell.prevented])).toEqual([
      ['sun', null],
      ['vax', "not allowed by the host's owner"],
    ])
    expect((await farm.hosts.find('vax'))?.rules).toEqual([rule('deny', 'sample')])
  },
)

farmTest('if the owner forbids a project, its waiting jobs end and its running jobs continue', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.build(commitOf('b'))
  const running = await vax.claim(1)
  if (typeof running === 'string') throw new Error(running)
  await say(farm, vax, { rules: [rule('allow', 'other')] })

  expect(await farm.verdicts()).toEqual(['leased', 'cancelled'])
  const job = await farm.builds.findJob(1)
  expect(job?.attempts[0]).toMatchObject({ reason: 'refused', detail: "the host's owner does not allow it" })
  expect(await farm.builds.retryJob(1)).toEqual({
    kind: 'not-runnable',
    why: 'the owner of vax does not allow it',
  })
  expect(await farm.end(vax, running)).toEqual({ kind: 'finished', verdict: 'passed' })
})

farmTest('if the owner no longer allows code from forks, the waiting jobs with such code end', async ({ farm }) => {
  await farm.configure(project({ cache: ['obj'] }))
  const vax = await farm.host('vax')
  await say(farm, vax, { rules: [rule('allow-forks', '*')] })
  const build = async (commit: string, request: Parameters<TestFarm['push']>[1]) => {
    const built = await farm.push(commitOf(commit), request)
    if (built.kind !== 'built') throw new Error(built.kind)
    await farm.builds.markSourcesReady(built.buildId, { sources: [] })
  }
  const fork = { of: { kind: 'pull-request', id: 7, fork: true } as const }
  await build('a', fork)
  expect(await vax.claim(1)).toMatchObject({ fork: true, cache: [] })
  await build('a', {})
  await build('b', fork)
  await say(farm, vax, { rules: [] })
  expect(await farm.verdicts()).toEqual(['cancelled', 'queued', 'leased'])
  expect(await vax.claim(1, { slot: 2 })).toMatchObject({ fork: false, cache: ['obj'] })
})

farmTest('if the owner forbids tries, the farm plans none for the host, and those that wait end', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  const begin = (id: string) => farm.push(commitOf('a'), { of: { kind: 'try', id } })
  expect(await begin('first')).toMatchObject({ kind: 'built', jobsAdded: 1 })
  await farm.push(commitOf('a'), { of: { kind: 'branch' } })
  await say(farm, vax, { rules: [rule('deny', '*', ':try')] })
  expect(await farm.verdicts()).toEqual(['waiting', 'cancelled']) // the newest job first
  expect(await begin('second')).toMatchObject({ kind: 'built', jobsAdded: 0 })
  expect(await farm.push(commitOf('b'))).toMatchObject({ kind: 'built', jobsAdded: 1 })
})

farmTest('if a host refuses a job, the job ends as broken, and no step has failed', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = await vax.claim(1)
  if (typeof offer === 'string') throw new Error(offer)
  expect(offer.branch).toBe('main')
  expect(await farm.end(vax, offer, { exits: [], reason: 'refused' })).toEqual({ kind: 'finished', verdict: 'broken' })
  const job = await farm.builds.findJob(offer.jobId)
  expect(job).toMatchObject({ verdict: 'broken', failedStep: null })
})

farmTest(
  'a job has the branch of the push that planned it, even if another branch had the commit first',
  async ({ farm }) => {
    await farm.configure()
    const vax = await farm.host('vax')
    await say(farm, vax, { rules: [rule('allow', 'sample', 'main')] })
    await farm.push(commitOf('a'), { branch: 'release/1' })
    expect(await farm.builds.listJobs({ limit: 9 })).toEqual([])
    await farm.build(commitOf('a'))
    expect(await vax.claim(1)).toMatchObject({ branch: 'main' })
  },
)

farmTest('if a host cannot build for an arch, the matrix keeps the arch and the jobs wait', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const unable = { arch: 'amd64', kind: 'native', compiler: '', unable: 'cc: not found' } as const
  await say(farm, vax, { arches: [unable] })
  expect(await vax.claim(1)).toBe('none')
  expect((await farm.attempts.listQueued()).attempts).toEqual([])
  expect((await farm.hosts.find('vax'))?.arches).toEqual([unable])
  const { cells } = await farm.matrix.load()
  expect(cells).toMatchObject([{ arch: 'amd64', prevented: 'the host cannot build for this arch: cc: not found' }])
  await farm.build(commitOf('b'))
  expect(await farm.verdicts()).toEqual(['queued']) // the second build has no job for this host

  farm.events.length = 0
  await say(farm, vax, {})
  expect(farm.events).toContainEqual({ kind: 'queued', attempts: [{ hostId: vax.id, attempt: '1.1' }] })
  expect(await vax.claim(1)).toMatchObject({ attempt: '1.1' })
})

farmTest('an attempt keeps the version of the compiler that the host found', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = await vax.claim(1)
  if (typeof offer === 'string') throw new Error(offer)
  const [jobId = 0, number = 0] = offer.attempt.split('.').map(Number)
  const ending = {
    jobId,
    number,
    hostId: vax.id,
    lease: offer.lease,
    reason: 'exit',
    steps: [],
    logBytes: 0,
    checksum: null,
  }
  await farm.attempts.finish({ ...ending, reason: 'exit', compiler: 'gcc (Debian 12.2.0) 12.2.0' })
  expect((await farm.builds.findJob(jobId))?.attempts[0]?.compiler).toBe('gcc (Debian 12.2.0) 12.2.0')
})

farmTest('a host runs as many jobs at once as it has slots', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  for (const letter of 'abc') await farm.build(commitOf(letter))
  const first = await vax.claim(1, { slot: 1 })
  const second = await vax.claim(1, { slot: 2 })
  expect([first, second]).toMatchObject([{ attempt: '3.1' }, { attempt: '2.1' }])
  expect(await vax.claim(1, { slot: 3 })).toBe('no-slot')
  await say(farm, vax, { slots: 3 })
  expect(await vax.claim(1, { slot: 3 })).toMatchObject({ attempt: '1.1' })
})
