import { expect } from 'vitest'
import type { Matrix, Offer } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

let claims = 0
const run = async (farm: TestFarm, host: HostHandle, commit: string, exits: number[]) => {
  await farm.build(commit)
  return farm.end(host, (await host.claim(++claims)) as Offer, { exits })
}
const cellOf = (matrix: Matrix, host: string, arch = 'amd64') =>
  matrix.cells.find(cell => cell.host === host && cell.arch === arch)

farmTest('a cell that is expected and never ran is there to be seen', async ({ farm }) => {
  await farm.configure(project({ arches: ['amd64', 'arm'] }))
  await farm.host('vax', ['amd64', 'arm', 'sparc64'])
  const matrix = await farm.matrix()

  expect(matrix.arches).toEqual(['amd64', 'arm', 'sparc64'])
  expect(matrix.cells.map(({ arch, last, active }) => ({ arch, last, active }))).toEqual([
    { arch: 'amd64', last: null, active: null },
    { arch: 'arm', last: null, active: null },
  ])
})

farmTest('a cell says since when it fails, and what was good last', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  farm.wait(60)
  await run(farm, vax, commitOf('b'), [0, 1])
  const brokenAt = farm.now()
  farm.wait(60)
  await run(farm, vax, commitOf('c'), [0, 1])

  expect(cellOf(await farm.matrix(), 'vax')?.last).toMatchObject({
    verdict: 'failed',
    failedStep: 'build',
    commit: commitOf('c'),
    since: { commit: commitOf('b'), at: brokenAt, buildId: 2 },
    lastGood: { commit: commitOf('a'), buildId: 1 },
  })
})

farmTest('a failure that farm.yaml knows is told as known, until it fails elsewhere or passes', async ({ farm }) => {
  const entry = { because: 'no floating point', hosts: ['vax'], arches: ['*'], variants: ['*'], step: 'build' }
  await farm.configure(project({ knownFailures: [entry] }))
  const vax = await farm.host('vax')
  const seen = async () => cellOf(await farm.matrix(), 'vax')?.known
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

farmTest('failing at another step keeps "since", and says when the step changed', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 1])
  expect(cellOf(await farm.matrix(), 'vax')?.last).toMatchObject({ since: { commit: commitOf('a') }, changed: null })
  await run(farm, vax, commitOf('b'), [0, 1])
  const changedAt = farm.now()
  await run(farm, vax, commitOf('c'), [0, 1])
  expect(cellOf(await farm.matrix(), 'vax')?.last).toMatchObject({
    failedStep: 'build',
    since: { commit: commitOf('a'), buildId: 1 },
    changed: { commit: commitOf('b'), buildId: 2, at: changedAt },
  })
  await run(farm, vax, commitOf('d'), [0, 0, 0])
  expect(cellOf(await farm.matrix(), 'vax')?.last).toMatchObject({ since: { commit: commitOf('d') }, changed: null })
})

farmTest('an older build that ends late does not hide a newer one', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const old = (await vax.claim(1)) as Offer
  await farm.build(commitOf('b'))
  const newer = (await vax.claim(1, { slot: 2 })) as Offer
  await farm.end(vax, newer)
  await farm.end(vax, old, { exits: [1] })

  expect(cellOf(await farm.matrix(), 'vax')?.last).toMatchObject({ verdict: 'passed', commit: commitOf('b') })
})

farmTest('an older build that passes late is what was good last', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const old = (await vax.claim(1)) as Offer
  await farm.build(commitOf('b'))
  await farm.end(vax, (await vax.claim(1, { slot: 2 })) as Offer, { exits: [1] })
  await farm.end(vax, old)

  expect(cellOf(await farm.matrix(), 'vax')?.last).toMatchObject({
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
] as const)('a job that ends $name is no result: the cell keeps the one it has', async ({ name, reason }, { farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  await run(farm, vax, commitOf('b'), [0, 1])
  const before = cellOf(await farm.matrix(), 'vax')?.last
  const buildId = await farm.build(commitOf('c'))
  const offer = (await vax.claim(++claims)) as Offer
  if (reason === 'cancelled') await farm.cancelBuild(buildId)
  await farm.end(vax, offer, { exits: [0], reason })

  expect((await farm.listJobs({ limit: 1 }))[0]).toMatchObject({ buildId, verdict: name === 'lost' ? null : name })
  expect(cellOf(await farm.matrix(), 'vax')?.last).toEqual(before)
  expect(before).toMatchObject({ verdict: 'failed', commit: commitOf('b'), lastGood: { commit: commitOf('a') } })
})

farmTest('the newest build with a result counts, also when a newer one was cancelled before it', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const old = (await vax.claim(1)) as Offer
  await farm.cancelBuild(await farm.build(commitOf('b')))
  expect(cellOf(await farm.matrix(), 'vax')?.last).toMatchObject({ verdict: 'cancelled', commit: commitOf('b') })
  await farm.end(vax, old, { exits: [1] })

  expect(cellOf(await farm.matrix(), 'vax')?.last).toMatchObject({
    verdict: 'failed',
    commit: commitOf('a'),
    since: { commit: commitOf('a') },
    lastGood: null,
  })
})

farmTest('only here or everywhere counts the cells that ran the commit', async ({ farm }) => {
  await farm.configure()
  const [vax, sun, sgi] = [await farm.host('vax'), await farm.host('sun'), await farm.host('sgi')]
  for (const host of [vax, sun, sgi]) {
    await farm.build(commitOf('a'))
    await farm.end(host, (await host.claim(1)) as Offer)
  }
  await farm.build(commitOf('b'))
  const endAt = async (host: HostHandle, exits: number[]) => farm.end(host, (await host.claim(2)) as Offer, { exits })
  const alike = async (host: string) => cellOf(await farm.matrix(), host)?.alike

  await endAt(vax, [0, 1])
  expect(await alike('vax')).toEqual({ cells: 0, of: 0, notYet: 2 })
  await endAt(sun, [0, 1])
  expect(await alike('vax')).toEqual({ cells: 1, of: 1, notYet: 1 })
  await endAt(sgi, [0, 0, 0])
  expect(await alike('vax')).toEqual({ cells: 1, of: 2, notYet: 0 })
  expect(await alike('sgi')).toEqual({ cells: 0, of: 2, notYet: 0 })
})

farmTest('what runs now lies over what was known', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await run(farm, vax, commitOf('a'), [0, 0, 0])
  await farm.build(commitOf('b'))

  expect(cellOf(await farm.matrix(), 'vax')).toMatchObject({
    last: { verdict: 'passed' },
    active: { state: 'queued', buildId: 2 },
  })
})

farmTest('an arch that a host no longer declares leaves the matrix', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax', ['amd64', 'arm'])
  const arches = [{ arch: 'arm', kind: 'cross', compiler: 'arm-cc 1' }] as const
  await farm.hello({ hostId: vax.id, instance: 'vax-1', slots: 1, version: '1', facts: {}, arches: [...arches] })

  expect((await farm.matrix()).cells.map(cell => cell.arch)).toEqual(['arm'])
})

farmTest('a matrix of one project has only its cells', async ({ farm }) => {
  const variants = {
    dynamic: { env: {}, hosts: ['sun'], arches: ['*'] }, // first here is first in the matrix
    static: { env: {}, hosts: ['*'], arches: ['*'] },
  }
  await farm.configure(project(), project({ name: 'rump', variants }))
  await farm.host('vax')
  await farm.host('sun')

  const cells = (await farm.matrix({ project: 'rump' })).cells.map(cell => `${cell.host} ${cell.variant}`)
  expect(cells).toEqual(['sun dynamic', 'sun static', 'vax static'])
})

farmTest('a host is online, away after an orderly stop, and silent after two minutes', async ({ farm }) => {
  const vax = await farm.host('vax')
  const presence = async () => (await farm.findHost('vax'))?.presence
  expect(await presence()).toBe('online')
  await farm.pass(115)
  expect(await presence()).toBe('silent')
  expect((await farm.matrix()).hosts).toMatchObject([{ presence: 'silent' }])
  await vax.claim(1)
  expect(await presence()).toBe('online')
  await farm.bye(vax.id, 'vax-1')
  expect(await presence()).toBe('away')
})
