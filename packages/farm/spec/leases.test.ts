import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, leaseSeconds } from './farm-test.ts'

const graceSeconds = 600 // the sample's lost-after

farmTest('a host that was away longer than its lease goes on with its own job', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  farm.wait(leaseSeconds + graceSeconds - 1)
  await farm.expireLeases()

  expect(await farm.say(vax, offer, 'back\n')).toMatchObject({ kind: 'ok', size: 5 })
  farm.wait(leaseSeconds + graceSeconds - 1)
  await farm.expireLeases()
  expect(await farm.verdicts()).toEqual(['running'])
})

farmTest('a job outlives the host that dropped it', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const first = (await vax.claim(1)) as Offer
  farm.wait(leaseSeconds + graceSeconds + 1)
  await farm.expireLeases()

  expect((await farm.findJob(1))?.attempts[1]).toMatchObject({ verdict: 'lost', reason: 'lease-expired' })
  expect(await farm.say(vax, first, 'still here')).toEqual({ kind: 'lease-lost' })
  expect(await vax.claim(2)).toMatchObject({ attempt: '1.2', jobId: first.jobId })
})

farmTest('a lost job is tried as often as its recipe says', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  for (const claim of [1, 2]) {
    await vax.claim(claim)
    farm.wait(leaseSeconds + graceSeconds + 1)
    await farm.expireLeases()
  }
  expect(await vax.claim(3)).toBe('none')
  expect(await farm.findJob(1)).toMatchObject({ verdict: 'lost', attempts: [{ number: 2 }, { number: 1 }] })
})

farmTest('a cancelled job whose host is silent is cancelled, not tried again', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await vax.claim(1)
  await farm.cancelJob(1)
  farm.wait(leaseSeconds + graceSeconds + 1)
  await farm.expireLeases()

  expect(await farm.verdicts()).toEqual(['cancelled'])
  expect(await farm.queuedAttempts()).toEqual([])
})

farmTest('every message renews the lease, and few of them write to the database', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  for (let beat = 0; beat < 50; beat++) {
    expect(await farm.say(vax, offer, '')).toMatchObject({ kind: 'ok' })
    farm.wait(leaseSeconds / 2)
  }
  await farm.expireLeases()
  expect(await farm.verdicts()).toEqual(['running'])
})

farmTest('a server that was down does not call its hosts lost when it starts', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await vax.claim(1)
  farm.wait(86_400)
  await farm.extendLeases()
  await farm.expireLeases()

  expect(await farm.verdicts()).toEqual(['leased'])
})
