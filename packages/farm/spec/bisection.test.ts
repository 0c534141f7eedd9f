import { expect } from 'vitest'
import { attemptOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

const commits = Array.from({ length: 17 }, (_, index) => index.toString(16).padStart(2, '0').repeat(20))
const commitAt = (index: number): string => commits[index] ?? ''

const bisect = { budgetSeconds: 6 * 3600, pauseSeconds: 0 }

/** Runs all waiting jobs of the host. The step `build` fails from the commit with this index on. */
async function work(farm: TestFarm, host: HostHandle, firstBad: number, claims: { next: number }): Promise<string[]> {
  const ran: string[] = []
  for (;;) {
    const offer = await host.claim(claims.next)
    if (typeof offer === 'string') return ran
    claims.next++
    farm.wait(60)
    const index = commits.indexOf(offer.commit)
    const bad = index >= firstBad
    ran.push(`${index} ${offer.recipe.steps.map(({ name }) => name).join(' ')}`)
    await farm.end(host, offer, { exits: bad ? [0, 1] : offer.recipe.steps.map(() => 0) })
    await examine(farm, offer.attempt)
  }
}

/** The failures of these tests have no fingerprint, so the step decides. */
async function examine(farm: TestFarm, attempt: string): Promise<void> {
  const methods = (farm as unknown as { failures?: { examine?: (id: unknown) => Promise<unknown> } }).failures
  await methods?.examine?.(attemptOf({ attempt } as never))
}

/** Prepares sources, runs jobs and advances, as a server and a host do, until the bisection ends. */
async function run(farm: TestFarm, host: HostHandle, firstBad: number, claims: { next: number }, id: number) {
  const ran: string[] = []
  for (let round = 0; round < 60; round++) {
    await farm.bisections.advance(id)
    for (const buildId of await farm.builds.listUnprepared())
      await farm.builds.markSourcesReady(buildId, { sources: [] })
    ran.push(...(await work(farm, host, firstBad, claims)))
    if ((await farm.bisections.find(id))?.state === 'finished') return ran
  }
  throw new Error('the bisection does not end')
}

/** Builds the first and the last of 17 commits, so that the cell is newly failing. */
async function failingCell(farm: TestFarm, name = 'vax', firstBad = 11) {
  await farm.configure(project({ confirm: 0, bisect }))
  const host = await farm.host(name)
  const claims = { next: 1 }
  await farm.build(commitAt(0))
  await work(farm, host, firstBad, claims)
  await farm.build(commitAt(16))
  await work(farm, host, firstBad, claims)
  await readHistory(farm)
  return { host, claims }
}

/** Stores the history of the branch, and the commits between the two builds. */
async function readHistory(farm: TestFarm): Promise<void> {
  const newestFirst = [...commits].reverse()
  await farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits: newestFirst, complete: true })
  const stored = commits.map((commit, index) => ({
    commit,
    parent: commits[index - 1] ?? null,
    author: 'A. Author',
    subject: `Change ${index}`,
    committedAt: new Date(0),
  }))
  await farm.commits.store('/srv/git/sample', stored)
}

const storeRange = (farm: TestFarm, id: number, files: Record<number, string[]> = {}) =>
  farm.bisections.storeRange(id, {
    kind: 'range',
    base: commitAt(0),
    commits: commits.slice(1).map((commit, index) => ({
      commit,
      author: 'A. Author',
      subject: `Change ${index + 1}`,
      isMerge: false,
      files: files[index + 1] ?? ['a.c'],
    })),
  })

const cell = { project: 'sample', branch: 'main', host: 'vax', arch: 'amd64', variant: 'default' }

async function start(farm: TestFarm): Promise<number> {
  const started = await farm.bisections.start({ ...cell, startedBy: 'Ada' })
  if (started.kind !== 'started') throw new Error(`start: ${started.kind}`)
  await storeRange(farm, started.id)
  return started.id
}

farmTest('the farm names the first bad commit of 16, with the price before', async ({ farm }) => {
  const { host, claims } = await failingCell(farm)
  expect(await farm.bisections.quote(cell)).toMatchObject({
    price: 'about 10 probes, 10 min on vax',
    commits: 16,
    host: 'vax',
  })
  const id = await start(farm)
  expect(await farm.bisections.start({ ...cell, startedBy: 'Ada' })).toEqual({ kind: 'running', id })

  const ran = await run(farm, host, 11, claims, id)
  expect(ran.slice(0, 2)).toEqual(['0 configure build', '16 configure build']) // the ends first, up to the failed step
  const view = await farm.bisections.find(id)
  expect(view?.words).toMatch(
    /^First bad commit: 0b0b0b0b0b \(A\. Author\)\. It failed 3 of 3 times; its parent passed 3 of 3 times\.$/,
  )
  expect(view).toMatchObject({ state: 'finished', outcome: 'confirmed', low: 10, high: 11 })
  expect(view?.runs).toBe(ran.length)
  expect(await farm.bisections.listOfBuild(3)).toMatchObject([{ id }]) // the build of the first probe
})

farmTest('probes change neither the cell nor the list of what failed', async ({ farm }) => {
  const { host, claims } = await failingCell(farm)
  const before = (await farm.matrix.load()).cells
  const id = await start(farm)
  await run(farm, host, 11, claims, id)
  expect((await farm.matrix.load()).cells).toEqual(before)
})

farmTest('a waiting job of a push runs before a probe, and its result counts', async ({ farm }) => {
  const { host, claims } = await failingCell(farm)
  const id = await start(farm)
  expect(await farm.bisections.advance(id)).toBe('probing')
  for (const buildId of await farm.builds.listUnprepared()) await farm.builds.markSourcesReady(buildId, { sources: [] })
  await farm.build(commitAt(8))
  const offer = await host.claim(claims.next++)
  expect(typeof offer !== 'string' && offer.commit).toBe(commitAt(8))
  if (typeof offer !== 'string') await farm.end(host, offer)

  const ran = await run(farm, host, 11, claims, id)
  expect(ran.filter(line => line.startsWith('8 '))).toEqual([]) // the push has already tested it
  const view = await farm.bisections.find(id)
  expect(view?.probes.find(({ commit }) => commit === commitAt(8))).toMatchObject({
    purpose: null,
    verdict: 'good',
    costMs: 0,
  })
  expect(view?.outcome).toBe('confirmed')
})

farmTest('no probe starts while a job of a push waits on the host', async ({ farm }) => {
  await failingCell(farm)
  const id = await start(farm)
  await farm.build(commitAt(8))
  expect(await farm.bisections.advance(id)).toBe('waiting')
  expect((await farm.bisections.find(id))?.probes).toEqual([])
})

farmTest('if the last good commit fails now, the answer is the change of the host', async ({ farm }) => {
  const { host, claims } = await failingCell(farm)
  const facts = { uname_s: 'Unix', tool_gcc: '10.4' }
  const arches = [{ arch: 'amd64', kind: 'native', compiler: 'cc 1' } as const]
  await farm.hosts.hello({ hostId: host.id, instance: 'vax-1', slots: 2, version: '1.0.0', facts, arches })
  const id = await start(farm)
  await run(farm, host, 0, claims, id)
  const view = await farm.bisections.find(id)
  expect(view?.outcome).toBe('host-changed')
  expect(view?.words).toContain('The last good commit 0000000000 now fails on this host.')
})

farmTest('a cancelled bisection cancels its probe, and can continue', async ({ farm }) => {
  const { host, claims } = await failingCell(farm)
  const id = await start(farm)
  await farm.bisections.advance(id)
  expect(await farm.bisections.cancel(id)).toEqual({ kind: 'cancelled' })
  expect(await farm.bisections.find(id)).toMatchObject({
    outcome: 'cancelled',
    words: 'Cancelled after 1 run (0 s). 16 commits remain.',
  })
  expect(await farm.bisections.cancel(id)).toEqual({ kind: 'not-open' })
  expect(await farm.bisections.continue(id)).toEqual({ kind: 'continued' })
  await run(farm, host, 11, claims, id)
  expect((await farm.bisections.find(id))?.outcome).toBe('confirmed')
  expect(await farm.bisections.continue(id)).toMatchObject({ kind: 'not-possible' })
})

farmTest('the farm starts one bisection itself for a newly failing cell', async ({ farm }) => {
  await failingCell(farm)
  const [id] = await farm.bisections.startAutomatic()
  expect(await farm.bisections.find(id ?? 0)).toMatchObject({ startedBy: 'farm', state: 'preparing' })
  expect(await farm.bisections.startAutomatic()).toEqual([])
  expect(await farm.bisections.findOfCell(cell)).toMatchObject({ id })
  expect(await farm.bisections.listOfBuild(2)).toMatchObject([{ id }])
  expect(await farm.bisections.listOfBuild(1)).toEqual([])
})

farmTest('without bisect in farm.yaml, and for one commit, the farm starts nothing itself', async ({ farm }) => {
  await failingCell(farm)
  await farm.configure(project({ confirm: 0 }))
  expect(await farm.bisections.startAutomatic()).toEqual([])
})

farmTest('a force push ends the bisection', async ({ farm }) => {
  await failingCell(farm)
  const id = await start(farm)
  await farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits: [commitAt(0)], complete: true })
  expect(await farm.bisections.advance(id)).toBe('finished')
  expect(await farm.bisections.find(id)).toMatchObject({ outcome: 'rewritten' })
})

farmTest('a cell that does not fail, and an unknown cell, are not bisected', async ({ farm }) => {
  await failingCell(farm)
  expect(await farm.bisections.quote({ ...cell, host: 'pdp' })).toEqual({ kind: 'unknown', what: 'cell' })
  expect(await farm.bisections.quote({ ...cell, project: 'x' })).toEqual({ kind: 'unknown', what: 'project' })
})

farmTest('a range that git cannot read is read again later', async ({ farm }) => {
  await failingCell(farm)
  const started = await farm.bisections.start({ ...cell, startedBy: 'Ada' })
  const id = started.kind === 'started' ? started.id : 0
  await farm.bisections.storeRange(id, { kind: 'problem', problem: 'no route to host' })
  expect(await farm.bisections.find(id)).toMatchObject({ state: 'preparing', problem: 'no route to host' })
  expect(await farm.bisections.listOpen()).toEqual([])
  farm.wait(61)
  expect(await farm.bisections.listOpen()).toEqual([{ id, state: 'preparing' }])
})
