import type { OwnerRule } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import type { PullRequestEvent } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

const [first, second] = [commitOf('a'), commitOf('b')]

const enabled = (changes: object = {}) =>
  project({ pullRequests: { fromForks: 'approve', hosts: ['*'], build: 'merge', ...changes } })

const event = (changes: Partial<PullRequestEvent> & { commit?: string } = {}): PullRequestEvent => {
  const { commit = first, ...rest } = changes
  return {
    project: 'sample',
    action: 'opened',
    number: 7,
    title: 'Fix the parser',
    author: 'eve',
    head: { ref: 'topic', commit, urls: ['https://forge.example/eve/sample.git'] },
    base: { branch: 'main' },
    fork: true,
    url: 'https://forge.example/sample/pull/7',
    headRef: 'refs/pull/7/head',
    mergeRef: 'refs/pull/7/merge',
    ...rest,
  }
}

const allowForks: OwnerRule[] = [{ verb: 'allow-forks', project: '*', branches: [] }]

const hello = (farm: TestFarm, host: HostHandle, rules: OwnerRule[]) =>
  farm.hosts.hello({
    hostId: host.id,
    instance: `${host.name}-1`,
    slots: 2,
    version: '1.0.0',
    facts: { uname_s: 'Unix' },
    arches: [{ arch: 'amd64', kind: 'native', compiler: 'cc 1' }],
    rules,
  })

async function forkHost(farm: TestFarm, name: string): Promise<HostHandle> {
  const host = await farm.host(name)
  await hello(farm, host, allowForks)
  return host
}

/** Receives an event and reads the request as the task does; git finds the commit of the event. */
async function receive(farm: TestFarm, given: PullRequestEvent) {
  const outcome = await farm.pullRequests.receive(given)
  return outcome.kind === 'recorded' && outcome.examine
    ? read(farm, { commit: given.head.commit ?? '', fork: given.fork })
    : outcome
}

async function read(farm: TestFarm, head: { commit: string; fork: boolean }) {
  const [id = 0] = await farm.pullRequests.listToExamine()
  const request = await farm.pullRequests.findToExamine(id)
  if (!request) throw new Error('no request to examine')
  return farm.pullRequests.recordHead(request, head)
}

const decision = (commit: string) => ({ project: 'sample', number: 7, commit, by: 'ada' })
const found = async (farm: TestFarm) => farm.pullRequests.find('sample', 7)
const jobsOf = async (farm: TestFarm, buildId: number) => (await farm.builds.listJobs({ buildId, limit: 10 })).reverse()

farmTest('a request of a project without pull-requests is ignored, with the reason', async ({ farm }) => {
  await farm.configure()
  expect(await farm.pullRequests.receive(event())).toEqual({
    kind: 'ignored',
    why: 'the project sample builds no pull requests: farm.yaml has no pull-requests for it',
  })
  await farm.configure(enabled({ fromForks: 'never' }))
  expect(await farm.pullRequests.receive(event())).toMatchObject({ why: expect.stringContaining('from-forks: never') })
  expect(await farm.pullRequests.receive(event({ base: { branch: 'wip' } }))).toMatchObject({ kind: 'ignored' })
  expect(await farm.pullRequests.receive(event({ fork: false, base: { branch: 'wip' } }))).toMatchObject({
    why: expect.stringContaining('builds only the branches main, release/*'),
  })
  expect(await farm.pullRequests.receive(event({ project: 'other' }))).toMatchObject({ kind: 'unknown-project' })
  expect(await farm.pullRequests.list({ project: 'sample', limit: 10 })).toEqual([])
})

farmTest('the farm builds a request of somebody who can push, and touches no branch', async ({ farm }) => {
  await farm.configure(enabled())
  const host = await farm.host('vax')
  const built = await receive(farm, event({ fork: false }))
  expect(built).toMatchObject({ kind: 'built' })
  const { buildId } = built as { buildId: number }
  expect(await found(farm)).toMatchObject({ state: 'open', approval: 'not-needed', buildId, fork: false })
  expect(await farm.builds.find(buildId)).toMatchObject({
    kind: 'pull-request',
    commit: first,
    branch: null,
    fork: false,
  })
  await farm.builds.markSourcesReady(buildId, { sources: [] })
  const offer = await host.claim(1)
  if (typeof offer === 'string') throw new Error(offer)
  expect(offer.branch).toBeNull()
  await farm.end(host, offer, { exits: [1] })
  expect(await farm.verdicts()).toEqual(['failed'])
  expect(await farm.sql('SELECT "verdict" FROM "Cell"')).toEqual([])
  expect(await farm.sql('SELECT "name" FROM "Branch"')).toEqual([])
})

farmTest('an event that comes twice makes one build, and a late event changes nothing', async ({ farm }) => {
  await farm.configure(enabled())
  await farm.host('vax')
  const own = { fork: false }
  const { buildId } = (await receive(farm, event(own))) as { buildId: number }
  expect(await receive(farm, event(own))).toEqual({ kind: 'built', buildId, commit: first, created: false })
  expect(await farm.builds.list({ limit: 10 })).toHaveLength(1)
  await farm.pullRequests.receive(event({ ...own, action: 'closed' }))
  expect(await farm.pullRequests.receive(event({ ...own, action: 'updated', commit: second }))).toMatchObject({
    kind: 'ignored',
    why: 'the request is closed',
  })
  expect(await found(farm)).toMatchObject({ state: 'closed', headCommit: first })
  expect(await farm.pullRequests.listToExamine()).toEqual([])
})

farmTest('git reads the commit that the forge did not say, or said only in part', async ({ farm }) => {
  await farm.configure(enabled())
  await farm.host('vax')
  for (const commit of [null, 'aaaaaaaaaaaa'])
    await farm.pullRequests.receive(event({ fork: false, headRef: null, head: { ref: 'topic', commit, urls: [] } }))
  expect(await found(farm)).toMatchObject({ headCommit: '', approval: null })
  expect(await read(farm, { commit: first, fork: false })).toMatchObject({ kind: 'built' })
  expect(await found(farm)).toMatchObject({ headCommit: first })
})

farmTest('the end of a request can come before its beginning', async ({ farm }) => {
  await farm.configure(enabled())
  expect(await farm.pullRequests.receive(event({ action: 'merged' }))).toMatchObject({
    kind: 'recorded',
    examine: false,
  })
  expect(await farm.pullRequests.receive(event({ action: 'opened' }))).toMatchObject({ why: 'the request is merged' })
})

farmTest('two events of one new request at the same time make one request', async ({ farm }) => {
  await farm.configure(enabled())
  const outcomes = await Promise.all(
    [event(), event(), event({ commit: second })].map(one => farm.pullRequests.receive(one)),
  )
  expect(new Set(outcomes.map(outcome => outcome.kind === 'recorded' && outcome.id)).size).toBe(1)
  expect(await farm.pullRequests.list({ project: 'sample', limit: 10 })).toHaveLength(1)
})

farmTest('a commit of a fork waits for an approval, and each further commit needs its own', async ({ farm }) => {
  await farm.configure(enabled())
  await forkHost(farm, 'vax')
  expect(await receive(farm, event())).toMatchObject({ kind: 'not-approved', approval: 'waiting' })
  expect(await found(farm)).toMatchObject({ approval: 'waiting', buildId: null })
  expect(await farm.builds.list({ limit: 10 })).toEqual([])
  expect(await farm.pullRequests.listWaiting()).toMatchObject([{ number: 7, headCommit: first }])

  expect(await farm.pullRequests.approve(decision(first))).toEqual({ kind: 'approved' })
  expect(await farm.pullRequests.approve(decision(first))).toEqual({ kind: 'approved' })
  const built = await read(farm, { commit: first, fork: true })
  expect(built).toMatchObject({ kind: 'built' })
  expect(await found(farm)).toMatchObject({ approval: 'approved' })
  expect(await farm.pullRequests.listCommits((await found(farm))?.id ?? 0)).toMatchObject([
    { commit: first, approval: 'approved', decidedBy: 'ada', ended: null },
  ])

  expect(await receive(farm, event({ action: 'updated', commit: second }))).toMatchObject({
    kind: 'not-approved',
    approval: 'waiting',
  })
  expect(await farm.pullRequests.approve(decision(first))).toEqual({ kind: 'not-newest', newest: second })
  expect(await farm.pullRequests.listWaiting()).toMatchObject([{ headCommit: second }])
  expect(await farm.builds.list({ limit: 10 })).toHaveLength(1)
})

farmTest(
  'an approval does not reach a commit that the author pushed before the farm read the request',
  async ({ farm }) => {
    await farm.configure(enabled())
    await forkHost(farm, 'vax')
    await receive(farm, event())
    await farm.pullRequests.approve(decision(first))
    expect(await read(farm, { commit: second, fork: true })).toMatchObject({
      kind: 'not-approved',
      approval: 'waiting',
    })
    expect(await farm.builds.list({ limit: 10 })).toEqual([])
  },
)

farmTest('with always the farm builds each commit, and a refused commit is never built', async ({ farm }) => {
  await farm.configure(enabled({ fromForks: 'always' }))
  await forkHost(farm, 'vax')
  expect(await receive(farm, event())).toMatchObject({ kind: 'built' })
  expect(await farm.pullRequests.approve(decision(first))).toEqual({ kind: 'no-decision-needed' })
  await farm.configure(enabled())
  await receive(farm, event({ commit: second, action: 'updated' }))
  expect(await farm.pullRequests.refuse(decision(second))).toEqual({ kind: 'refused' })
  expect(await receive(farm, event({ commit: second, action: 'updated' }))).toMatchObject({
    kind: 'not-approved',
    approval: 'refused',
  })
  expect(await farm.pullRequests.refuse(decision(commitOf('c')))).toEqual({ kind: 'unknown' })
})

farmTest('a refusal after an approval cancels the build, and a new approval builds again', async ({ farm }) => {
  await farm.configure(enabled())
  await forkHost(farm, 'vax')
  await receive(farm, event())
  await farm.pullRequests.approve(decision(first))
  const { buildId } = (await read(farm, { commit: first, fork: true })) as { buildId: number }
  await farm.pullRequests.refuse(decision(first))
  expect(await jobsOf(farm, buildId)).toMatchObject([{ verdict: 'cancelled' }])
  await farm.pullRequests.approve(decision(first))
  const again = (await read(farm, { commit: first, fork: true })) as { buildId: number }
  expect(again.buildId).not.toBe(buildId)
  expect(await jobsOf(farm, again.buildId)).toMatchObject([{ state: 'waiting' }])
  expect(await found(farm)).toMatchObject({ buildId: again.buildId })
})

farmTest('only hosts that allow forks get the jobs of a fork', async ({ farm }) => {
  await farm.configure(enabled({ fromForks: 'always' }))
  const plain = await farm.host('plain')
  const open = await forkHost(farm, 'open')
  const { buildId } = (await receive(farm, event())) as { buildId: number }
  expect(await jobsOf(farm, buildId)).toMatchObject([{ host: 'open' }])
  await farm.builds.markSourcesReady(buildId, { sources: [] })
  expect(await plain.claim(1)).toBe('none')
  // The owner took the rule back after the farm had planned the job.
  await farm.sql(`UPDATE "Host" SET "rules" = '[]' WHERE "name" = 'open'`)
  expect(await open.claim(1)).toBe('none')
  await hello(farm, open, allowForks)
  expect(await open.claim(2)).toMatchObject({ buildId })
})

farmTest('a host that takes back allow forks loses the waiting jobs of forks', async ({ farm }) => {
  await farm.configure(enabled({ fromForks: 'always' }))
  const open = await forkHost(farm, 'open')
  const { buildId } = (await receive(farm, event())) as { buildId: number }
  await hello(farm, open, [])
  expect(await jobsOf(farm, buildId)).toMatchObject([{ verdict: 'cancelled' }])
})

farmTest('without a host that allows forks the build has no jobs', async ({ farm }) => {
  await farm.configure(enabled({ fromForks: 'always' }))
  await farm.host('plain')
  const { buildId } = (await receive(farm, event())) as { buildId: number }
  expect(await farm.builds.find(buildId)).toMatchObject({ fork: true, jobs: [] })
})

farmTest('farm.yaml selects the hosts that build pull requests', async ({ farm }) => {
  await farm.configure(enabled({ hosts: ['vm-*'] }))
  await farm.host('vax')
  await farm.host('vm-1')
  const { buildId } = (await receive(farm, event({ fork: false }))) as { buildId: number }
  expect(await jobsOf(farm, buildId)).toMatchObject([{ host: 'vm-1' }])
})

farmTest('a newer commit cancels the older builds, waiting and running, with the reason', async ({ farm }) => {
  await farm.configure(enabled())
  const host = await farm.host('vax', ['amd64', 'mips'])
  const own = { fork: false }
  const { buildId: old } = (await receive(farm, event(own))) as { buildId: number }
  await farm.builds.markSourcesReady(old, { sources: [] })
  const running = await host.claim(1)
  if (typeof running === 'string') throw new Error(running)
  const { buildId } = (await receive(farm, event({ ...own, action: 'updated', commit: second }))) as { buildId: number }
  expect(buildId).not.toBe(old)
  const why = 'the pull request has a newer commit, bbbbbbbbbbbb'
  const attempts =
    'SELECT a."state", a."verdict", a."reason", a."detail" FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" WHERE job."buildId" = $1 ORDER BY a."jobId"'
  const rows = await farm.sql(attempts, [old])
  expect(rows).toContainEqual({ state: 'finished', verdict: 'cancelled', reason: 'superseded', detail: why })
  expect(rows).toContainEqual({ state: 'leased', verdict: null, reason: null, detail: why })
  await farm.end(host, running, { reason: 'cancelled', exits: [] })
  expect(await farm.sql(attempts, [old])).toContainEqual(
    expect.objectContaining({ verdict: 'cancelled', reason: 'cancelled', detail: why }),
  )
  expect(await jobsOf(farm, old)).toMatchObject([{ supersededBy: buildId }, { supersededBy: buildId, detail: why }])
  expect(await farm.queue.listSuperseded({ limit: 9 })).toMatchObject([{ byBuildId: buildId }, { byBuildId: buildId }])
  expect(await farm.pullRequests.listCommits((await found(farm))?.id ?? 0)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ commit: first, ended: 'superseded', buildId: old }),
      expect.objectContaining({ commit: second, ended: null, buildId }),
    ]),
  )
})

farmTest('the end of a request cancels its builds, and a new start builds the commit again', async ({ farm }) => {
  await farm.configure(enabled())
  await farm.host('vax')
  const own = { fork: false }
  const { buildId } = (await receive(farm, event(own))) as { buildId: number }
  await farm.pullRequests.receive(event({ ...own, action: 'closed' }))
  expect(await jobsOf(farm, buildId)).toMatchObject([{ verdict: 'cancelled' }])
  expect(await farm.pullRequests.approve(decision(first))).toEqual({ kind: 'ended', state: 'closed' })
  const again = (await receive(farm, event({ ...own, action: 'reopened' }))) as { buildId: number }
  expect(again.buildId).not.toBe(buildId)
  expect(await farm.builds.find(again.buildId)).toMatchObject({ kind: 'pull-request', fork: false })
  expect(await jobsOf(farm, again.buildId)).toMatchObject([{ state: 'waiting' }])
})

farmTest('what the farm read before a change of the request does not count', async ({ farm }) => {
  await farm.configure(enabled())
  await farm.host('vax')
  await farm.pullRequests.receive(event({ fork: false }))
  const [id = 0] = await farm.pullRequests.listToExamine()
  const before = await farm.pullRequests.findToExamine(id)
  await farm.pullRequests.receive(event({ fork: false, action: 'updated', commit: second }))
  expect(before && (await farm.pullRequests.recordHead(before, { commit: first, fork: false }))).toEqual({
    kind: 'changed',
  })
  expect(await farm.pullRequests.listToExamine()).toEqual([id])
})

farmTest('a request that git cannot read is tried again, and its page says why', async ({ farm }) => {
  await farm.configure(enabled())
  await farm.pullRequests.receive(event())
  const [id = 0] = await farm.pullRequests.listToExamine()
  await farm.pullRequests.recordProblem(id, 'the forge does not answer')
  expect(await farm.pullRequests.listToExamine()).toEqual([])
  expect(await found(farm)).toMatchObject({ problem: 'the forge does not answer', nextTryAt: expect.any(Date) })
  farm.wait(11)
  expect(await farm.pullRequests.listToExamine()).toEqual([id])
  for (let tries = 2; tries <= 12; tries++) await farm.pullRequests.recordProblem(id, 'still not')
  farm.wait(100_000)
  expect(await farm.pullRequests.listToExamine()).toEqual([])
  await farm.pullRequests.receive(event({ action: 'updated' }))
  expect(await farm.pullRequests.listToExamine()).toEqual([id])
})

farmTest('lists select by state, and have pages', async ({ farm }) => {
  await farm.configure(enabled())
  for (const number of [1, 2, 3]) await farm.pullRequests.receive(event({ number }))
  await farm.pullRequests.receive(event({ number: 2, action: 'merged' }))
  const numbers = async (filter: object) =>
    (await farm.pullRequests.list({ project: 'sample', limit: 2, ...filter })).map(({ number }) => number)
  expect(await numbers({})).toEqual([3, 2])
  expect(await numbers({ state: 'open' })).toEqual([3, 1])
  expect(await numbers({ state: 'merged' })).toEqual([2])
  expect(await numbers({ state: 'waiting' })).toEqual([])
  const [, last] = await farm.pullRequests.list({ project: 'sample', limit: 2 })
  expect(await numbers({ before: last?.id })).toEqual([1])
})

farmTest('a build of a request is compared with the results of the base branch', async ({ farm }) => {
  await farm.configure(enabled())
  const host = await farm.host('vax', ['amd64', 'mips'])
  const finish = async (exits: Record<string, number>) => {
    for (let number = 1; number <= 2; number++) {
      const offer = await host.claim(++claims)
      if (typeof offer === 'string') throw new Error(offer)
      await farm.end(host, offer, { exits: exits[offer.arch] ? [1] : [0, 0, 0] })
    }
  }
  let claims = 0
  await farm.build(first)
  await finish({ mips: 1 }) // the base branch fails on mips already
  const { buildId } = (await receive(farm, event({ fork: false, commit: second }))) as { buildId: number }
  await farm.builds.markSourcesReady(buildId, { sources: [] })
  await finish({ amd64: 1, mips: 1 })
  const { branch, jobs } = await farm.builds.effects(buildId)
  expect(branch).toBe('main')
  expect(jobs.map(({ arch, effect }) => [arch, effect])).toEqual([
    ['amd64', 'broke'],
    ['mips', 'still-failing'],
  ])
  // The branch has the same commit later. The results of the request are not its results.
  await farm.build(second)
  expect(await farm.sql(`SELECT DISTINCT "commit" FROM "Cell" WHERE "verdict" IS NOT NULL`)).toEqual([
    { commit: first },
  ])
})
