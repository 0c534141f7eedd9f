import type { ProjectConfig, ProjectStatus } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import type { DueStatus, Offer } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

const github: ProjectStatus = {
  forge: 'github',
  api: 'https://api.github.com',
  repository: 'ada/sample',
  token: 'STATUS_GITHUB',
  perCell: false,
}
const gitlab: ProjectStatus = { ...github, forge: 'gitlab', api: 'https://gitlab.com/api/v4' }

const configure = (farm: TestFarm, status: ProjectStatus[] = [github], changes: Partial<ProjectConfig> = {}) =>
  farm.configure(project({ confirm: 0, ...changes, status }))

const short = ({ context, state, description }: DueStatus) => `${context}: ${state}: ${description}`

/** Computes what changed, and takes everything that is due. The forge accepts it. */
async function send(farm: TestFarm): Promise<string[]> {
  const sent: string[] = []
  for (;;) {
    await farm.statuses.derive()
    const due = await farm.statuses.takeDue()
    if (due.length === 0) return sent
    for (const status of due) {
      await farm.statuses.markSent(status)
      sent.push(short(status))
    }
    farm.wait(1)
  }
}

async function takeOne(farm: TestFarm): Promise<DueStatus> {
  await farm.statuses.derive()
  const [due] = await farm.statuses.takeDue()
  if (!due) throw new Error('no status is due')
  return due
}

/** Runs the next job of the host. */
async function run(farm: TestFarm, host: HostHandle, claim: number, exits = [0, 0, 0]): Promise<string> {
  const offer = (await host.claim(claim)) as Offer
  await farm.end(host, offer, { exits })
  for (const attempt of await farm.failures.listExaminations()) {
    const [jobId = 0, number = 0] = attempt.split('.').map(Number)
    await farm.failures.examine({ jobId, number })
  }
  return offer.attempt
}

farmTest('a push makes a pending status, and the last job makes the result', async ({ farm }) => {
  await configure(farm)
  const [vax, sun] = [await farm.host('vax'), await farm.host('sun')]
  await farm.push(commitOf('a'))
  expect(farm.events.filter(({ kind }) => kind === 'statuses-needed')).toHaveLength(1)
  expect(await send(farm)).toEqual(['rumpfarm/sample: pending: Build 1 has 2 jobs'])
  await farm.builds.markSourcesReady(1, { sources: [] })
  expect(await send(farm)).toEqual([])
  await run(farm, vax, 1)
  expect(await send(farm)).toEqual([])
  await run(farm, sun, 1, [0, 1])
  expect(await send(farm)).toEqual(['rumpfarm/sample: failure: 1 of 2 jobs failed: sun (build)'])
  expect(await farm.statuses.list('sample', 10)).toMatchObject([
    { state: 'failure', sent: true, nextAt: null, problem: null },
  ])
})

farmTest('a project without a forge, and a build of a bisection, have no status', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await run(farm, vax, 1)
  expect(await farm.sql('SELECT * FROM "StatusChange"')).toEqual([])
  expect(farm.events.filter(({ kind }) => kind === 'statuses-needed')).toEqual([])
  await configure(farm)
  await farm.sql(`UPDATE "Build" SET "reason" = 'bisect 1'`)
  await farm.builds.retryJob(1)
  expect(await farm.sql('SELECT * FROM "StatusChange"')).toEqual([])
})

farmTest('GitLab shows that a build runs, and each forge has its own status', async ({ farm }) => {
  await configure(farm, [github, gitlab])
  const vax = await farm.host('vax')
  await farm.push(commitOf('a'))
  expect(await send(farm)).toHaveLength(2)
  await farm.builds.markSourcesReady(1, { sources: [] })
  expect(await send(farm)).toEqual(['rumpfarm/sample: running: Build 1 has 1 job'])
  await run(farm, vax, 1)
  expect(await send(farm)).toEqual([
    'rumpfarm/sample: success: The job passed',
    'rumpfarm/sample: success: The job passed',
  ])
})

farmTest('a new failure is sent only after its confirming run', async ({ farm }) => {
  await configure(farm, [github], { confirm: 1 })
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await run(farm, vax, 1)
  await farm.build(commitOf('b'))
  await send(farm)
  const offer = (await vax.claim(2)) as Offer
  await farm.end(vax, offer, { exits: [0, 1] })
  expect(await send(farm)).toEqual([])
  await farm.failures.examine({ jobId: 2, number: 1 })
  expect(await send(farm)).toEqual([])
  await run(farm, vax, 3, [0, 1])
  expect(await send(farm)).toEqual(['rumpfarm/sample: failure: 1 of 1 job failed: vax (build)'])
})

farmTest('a cancelled build, failed sources and a retried job change the status', async ({ farm }) => {
  await configure(farm)
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await send(farm)
  await farm.builds.cancel(1)
  expect(await send(farm)).toEqual(['rumpfarm/sample: cancelled: 1 of 1 job was cancelled'])
  await farm.builds.retryJob(1)
  expect(await send(farm)).toEqual(['rumpfarm/sample: pending: Build 1 has 1 job'])
  await run(farm, vax, 1)
  expect(await send(farm)).toEqual(['rumpfarm/sample: success: The job passed'])

  await farm.push(commitOf('b'))
  await farm.builds.markSourcesFailed(2, 'no such repository')
  expect(await send(farm)).toEqual(['rumpfarm/sample: error: The sources of the build are not available'])
  await farm.push(commitOf('b'))
  expect(await send(farm)).toEqual(['rumpfarm/sample: pending: Build 2 has 1 job'])
})

farmTest('the newest job of each cell counts, also if it is in another build of the commit', async ({ farm }) => {
  await configure(farm)
  const [vax, sun] = [await farm.host('vax'), await farm.host('sun')]
  await farm.build(commitOf('a'))
  await run(farm, vax, 1, [0, 1])
  await run(farm, sun, 1)
  await send(farm)
  await farm.push(commitOf('a'), { again: true, wanted: { hosts: ['vax'] } })
  await farm.builds.markSourcesReady(2, { sources: [] })
  await run(farm, vax, 2)
  expect(await send(farm)).toEqual(['rumpfarm/sample: success: All 2 jobs passed'])
  expect(await farm.statuses.list('sample', 10)).toMatchObject([{ buildId: 2 }])
})

farmTest('each cell has a status if the project wants it, from its first result on', async ({ farm }) => {
  await configure(farm, [{ ...github, perCell: true }])
  const [vax, sun] = [await farm.host('vax'), await farm.host('sun')]
  await farm.build(commitOf('a'))
  expect(await send(farm)).toEqual(['rumpfarm/sample: pending: Build 1 has 2 jobs'])
  await run(farm, vax, 1)
  expect(await send(farm)).toEqual(['rumpfarm/sample/vax/amd64: success: Passed'])
  await run(farm, sun, 1, [1])
  expect(new Set(await send(farm))).toEqual(
    new Set([
      'rumpfarm/sample: failure: 1 of 2 jobs failed: sun (configure)',
      'rumpfarm/sample/sun/amd64: failure: Failed at step configure',
    ]),
  )
  const [, job] = await farm.builds.listJobs({ limit: 2 })
  await farm.builds.retryJob(job?.id ?? 0)
  expect(await send(farm)).toHaveLength(2)
  expect(await farm.statuses.list('sample', 10)).toHaveLength(3)
})

farmTest('an API gets one request at a time, and a state that changes meanwhile is sent after it', async ({ farm }) => {
  await configure(farm)
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.build(commitOf('b'))
  const first = await takeOne(farm)
  expect(short(first)).toMatch(/pending/)
  await run(farm, vax, 1)
  await run(farm, vax, 2)
  await farm.statuses.derive()
  farm.wait(30)
  expect(await farm.statuses.takeDue()).toEqual([])
  await farm.statuses.markSent(first)
  expect(await farm.statuses.takeDue()).toEqual([]) // the pause between two requests
  expect(await farm.statuses.nextAt()).toEqual(new Date(farm.now().getTime() + 1000))
  farm.wait(1)
  const both = [await takeOne(farm)]
  await farm.statuses.markSent(both[0] as DueStatus)
  farm.wait(1)
  both.push(await takeOne(farm))
  expect(both.map(({ commit, state, version }) => [commit[0], state, version])).toContainEqual(['a', 'success', 2])
})

farmTest('two servers never send two states of one API at once', async ({ farm }) => {
  await configure(farm)
  await farm.host('vax')
  for (const letter of 'abcdef') await farm.push(commitOf(letter))
  await Promise.all(Array.from({ length: 4 }, () => farm.statuses.derive()))
  const taken = await Promise.all(Array.from({ length: 8 }, () => farm.statuses.takeDue()))
  expect(taken.flat()).toHaveLength(1)
  expect(await farm.sql('SELECT "version" FROM "CommitStatus"')).toEqual(
    Array.from({ length: 6 }, () => ({ version: 1 })),
  )
})

farmTest('a server that dies during a request loses no status', async ({ farm }) => {
  await configure(farm)
  await farm.host('vax')
  await farm.build(commitOf('a'))
  const first = await takeOne(farm)
  farm.wait(59)
  expect(await farm.statuses.takeDue()).toEqual([])
  farm.wait(1)
  expect((await takeOne(farm)).id).toBe(first.id)
})

farmTest('a rate limit stops all requests of the API, and counts as no try', async ({ farm }) => {
  await configure(farm)
  await farm.host('vax')
  for (const letter of 'ab') await farm.push(commitOf(letter))
  const first = await takeOne(farm)
  await farm.statuses.markFailed(first, {
    problem: 'GitHub accepts no request',
    permanent: false,
    limitedSeconds: 1800,
  })
  farm.wait(1799)
  expect(await farm.statuses.takeDue()).toEqual([])
  expect(await farm.statuses.list('sample', 10)).toContainEqual(
    expect.objectContaining({ id: first.id, tries: 0, problem: 'GitHub accepts no request', gaveUpAt: null }),
  )
  farm.wait(1)
  expect(await send(farm)).toHaveLength(2)
})

farmTest('a failed request is repeated for a day, and then the farm gives up', async ({ farm }) => {
  await configure(farm)
  await farm.host('vax')
  await farm.build(commitOf('a'))
  let tries = 0
  const begin = farm.now().getTime()
  for (
    let next = await farm.statuses.derive().then(() => farm.statuses.nextAt());
    next;
    next = await farm.statuses.nextAt()
  ) {
    farm.wait(Math.max(0, (next.getTime() - farm.now().getTime()) / 1000))
    const due = await takeOne(farm)
    tries++
    await farm.statuses.markFailed(due, { problem: 'it cannot be reached (ECONNREFUSED)', permanent: false })
  }
  expect(tries).toBeGreaterThan(25)
  expect((farm.now().getTime() - begin) / 3600_000).toBeGreaterThan(22)
  const [status] = await farm.statuses.list('sample', 1)
  expect(status).toMatchObject({
    gaveUpAt: farm.now(),
    sent: false,
    problem: 'it cannot be reached (ECONNREFUSED)',
    nextAt: null,
  })
})

farmTest('a permanent refusal gives up until the state changes, or a person sends it again', async ({ farm }) => {
  await configure(farm)
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const refuse = async () =>
    farm.statuses.markFailed(await takeOne(farm), { problem: 'the token is not valid', permanent: true })
  await refuse()
  farm.wait(90_000)
  expect(await farm.statuses.nextAt()).toBeUndefined()
  expect([await farm.statuses.retry('other'), await farm.statuses.retry('sample')]).toEqual([0, 1])
  await refuse()
  farm.wait(1)
  await run(farm, vax, 1)
  expect(await send(farm)).toEqual(['rumpfarm/sample: success: The job passed'])
})

farmTest('a refusal of an old state does not stop a newer one', async ({ farm }) => {
  await configure(farm)
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const first = await takeOne(farm)
  await run(farm, vax, 1)
  await farm.statuses.derive()
  await farm.statuses.markFailed(first, { problem: 'no commit', permanent: true })
  farm.wait(1)
  expect(await send(farm)).toEqual(['rumpfarm/sample: success: The job passed'])
})

farmTest('a status of a forge that left farm.yaml names no forge', async ({ farm }) => {
  await configure(farm)
  await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.statuses.derive()
  await farm.configure()
  expect(await farm.statuses.takeDue()).toMatchObject([{ forge: null }])
})
