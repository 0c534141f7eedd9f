import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, type TestFarm } from './farm-test.ts'
import { storeFailure } from './stored-failure.ts'

const linker = 'b'.repeat(32)
let claims = 0

/** Ends the next job of the host, and returns the number of the job. */
async function end(farm: TestFarm, host: HostHandle, exits: number[]): Promise<number> {
  const offer = (await host.claim(++claims)) as Offer
  await farm.end(host, offer, { exits })
  return Number(offer.attempt.split('.')[0])
}

const named = async (farm: TestFarm, ...names: string[]) => Promise.all(names.map(name => farm.host(name)))

farmTest('a failure is "on 2 of 3 hosts" of its build', async ({ farm }) => {
  await farm.configure()
  const [vax, pdp, alpha, mips] = (await named(farm, 'vax', 'pdp', 'alpha', 'mips')) as HostHandle[] as [
    HostHandle,
    HostHandle,
    HostHandle,
    HostHandle,
  ]
  const buildId = await farm.build(commitOf('a'))
  await storeFailure(farm, await end(farm, vax, [0, 1]))
  await storeFailure(farm, await end(farm, pdp, [0, 1]))
  await end(farm, alpha, [0, 0, 0])
  await mips.claim(++claims) // this host has no result yet

  expect(await farm.failures.spread({ buildId, fingerprint: 'f'.repeat(32) })).toEqual({
    hosts: 2,
    names: ['pdp', 'vax'],
    of: 3,
    symbol: null,
    sameSymbol: [],
  })
})

farmTest('a build has one group for each distinct failure', async ({ farm }) => {
  await farm.configure()
  const [vax, pdp, alpha] = (await named(farm, 'vax', 'pdp', 'alpha')) as [HostHandle, HostHandle, HostHandle]
  const first = await farm.build(commitOf('a'))
  await storeFailure(farm, await end(farm, vax, [0, 1]))
  for (const host of [pdp, alpha]) await end(farm, host, [0, 0, 0])
  const second = await farm.build(commitOf('b'))
  const jobs = [await end(farm, vax, [0, 1]), await end(farm, pdp, [0, 1])]
  for (const job of jobs) await storeFailure(farm, job)
  const other = await end(farm, alpha, [0, 1])
  await storeFailure(farm, other, { fingerprint: linker, message: 'undefined reference' })

  const { groups, more } = await farm.failures.ofBuild({ buildId: second })
  expect(more).toBe(false)
  expect(groups.map(({ message, jobs: count, firstBuildId }) => ({ message, count, firstBuildId }))).toEqual([
    { message: 'a.c:1: error: no', count: 2, firstBuildId: first },
    { message: 'undefined reference', count: 1, firstBuildId: second },
  ])
  expect(groups[1]?.cells).toEqual([{ jobId: other, host: 'alpha', arch: 'amd64', variant: 'default' }])
  expect(await farm.failures.ofBuild({ buildId: second, limit: 1 })).toMatchObject({
    groups: [{ jobs: 2 }],
    more: true,
  })
})

farmTest('failures of one symbol are beside each other, and a similar text is only a suggestion', async ({ farm }) => {
  await farm.configure()
  const hosts = await named(farm, 'vax', 'pdp', 'alpha', 'mips')
  const buildId = await farm.build(commitOf('a'))
  const messages = [
    "a.c: 'uvm' undeclared here",
    'disk of this old machine is full today',
    "a.c: use of undeclared identifier 'uvm'",
    'disk of this old machine is full todays',
  ]
  for (const [index, host] of hosts.entries()) {
    const symbol = index % 2 === 0 ? 'uvm' : null
    const failure = { fingerprint: String(index).repeat(32), message: messages[index] as string, symbol }
    await storeFailure(farm, await end(farm, host, [0, 1]), failure)
  }
  const { groups } = await farm.failures.ofBuild({ buildId })
  const prints = groups.map(({ fingerprint, symbol, sameSymbol, looksLike }) => [
    fingerprint[0],
    symbol,
    sameSymbol.map(print => print[0]),
    looksLike.map(print => print[0]),
  ])
  expect(prints).toEqual([
    ['2', 'uvm', ['0'], []],
    ['0', 'uvm', ['2'], []],
    ['3', null, [], ['1']],
    ['1', null, [], ['3']],
  ])
  expect(await farm.failures.spread({ buildId, fingerprint: '0'.repeat(32) })).toMatchObject({
    names: ['vax'],
    symbol: 'uvm',
    sameSymbol: ['alpha'],
  })
})

farmTest('a failure was seen before in the newest earlier build that had it', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  for (const letter of ['a', 'b', 'c']) {
    await farm.build(commitOf(letter))
    const job = await end(farm, vax, [0, 1])
    if (letter !== 'c') await storeFailure(farm, job)
  }
  const seen = { project: 'sample', fingerprint: 'f'.repeat(32) }
  expect(await farm.failures.seenBefore({ ...seen, before: 3 })).toMatchObject({ buildId: 2, commit: commitOf('b') })
  expect(await farm.failures.seenBefore({ ...seen, before: 1 })).toBeNull()
})

farmTest('an attempt has its failure after the examination of its log', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const jobId = await end(farm, vax, [0, 1])
  expect(await farm.failures.find({ jobId, number: 1 })).toBeUndefined()
  await storeFailure(farm, jobId)
  expect(await farm.failures.find({ jobId, number: 1 })).toMatchObject({
    attempt: `${jobId}.1`,
    step: 'build',
    line: 7,
    excerpt: { firstLine: 6, lines: ['cc a.c', 'a.c:1: error: no'] },
  })
})
