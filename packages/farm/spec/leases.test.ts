import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { commitOf, farmTest, leaseSeconds } from './farm-test.ts'

const graceSeconds = 600 // the lost-after time of the project sample

farmTest('if a silent host returns before the lost-after time ends, it continues its job', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  farm.wait(leaseSeconds + graceSeconds - 1)
  await farm.attempts.expireLeases()

  expect(await farm.say(vax, offer, 'back\n')).toMatchObject({ kind: 'ok', size: 5 })
  farm.wait(leaseSeconds + graceSeconds - 1)
  await farm.attempts.expireLeases()
  expect(await farm.verdicts()).toEqual(['running'])
})

farmTest('a lost job runs again', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const first = (await vax.claim(1)) as Offer
  farm.wait(leaseSeconds + graceSeconds + 1)
  await farm.attempts.expireLeases()

  expect((await farm.builds.findJob(1))?.attempts[1]).toMatchObject({ verdict: 'lost', reason: 'lease-expired' })
  expect(await farm.say(vax, first, 'still here')).toEqual({ kind: 'lease-lost' })
  expect(await vax.claim(2)).toMatchObject({ attempt: '1.2', jobId: first.jobId })
})

farmTest('a lost job has as many attempts as its recipe allows', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  for (const claim of [1, 2]) {
    await vax.claim(claim)
    farm.wait(leaseSeconds + graceSeconds + 1)
    await farm.attempts.expireLeases()
  }
  expect(await vax.claim(3)).toBe('none')
  expect(await farm.builds.findJob(1)).toMatchObject({ verdict: 'lost', attempts: [{ number: 2 }, { number: 1 }] })
})

farmTest('a cancelled job on a silent host ends as cancelled and does not run again', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await vax.claim(1)
  await farm.builds.cancelJob(1)
  farm.wait(leaseSeconds + graceSeconds + 1)
  await farm.attempts.expireLeases()

  expect(await farm.verdicts()).toEqual(['cancelled'])
  expect((await farm.attempts.listQueued()).attempts).toEqual([])
})

farmTest('a job runs for as long as its host sends messages', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  for (let beat = 0; beat < 50; beat++) {
    expect(await farm.say(vax, offer, '')).toMatchObject({ kind: 'ok' })
    farm.wait(leaseSeconds / 2)
  }
  await farm.attempts.expireLeases()
  expect(await farm.verdicts()).toEqual(['running'])
})

// These tests ignore the event `revoked`, as if another server had run each command and the event was lost.
farmTest('an event invalidates a cached attempt, even if the event arrives during a query', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  farm.wait(leaseSeconds / 2)
  const beat = farm.say(vax, offer, '')
  farm.attempts.dropCached(offer.attempt)
  expect(await beat).toMatchObject({ kind: 'ok' })
  await vax.claim(2)

  expect(await farm.say(vax, offer, '')).toEqual({ kind: 'lease-lost' })
})

farmTest('if the event of a revoked lease is lost, the lease ends at the next step of the job', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  await farm.say(vax, offer, 'mine\n')
  await vax.claim(2) // on another server; the event of this claim is lost

  expect(await farm.say(vax, offer, '', { offset: 5 })).toMatchObject({ kind: 'ok' })
  expect(await farm.say(vax, offer, '', { offset: 5, steps: [{ exit: 0, milliseconds: 1, logBytes: 5 }] })).toEqual({
    kind: 'lease-lost',
  })
  expect(await farm.say(vax, offer, '', { offset: 5 })).toEqual({ kind: 'lease-lost' })
  expect(await farm.end(vax, offer, { log: 'mine\n' })).toEqual({ kind: 'lease-lost' })
})

farmTest('if a server ends a lease, another server that has cached the lease does not renew it', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  expect(await farm.say(vax, offer, '')).toMatchObject({ kind: 'ok' })
  farm.wait(leaseSeconds + graceSeconds + 1)
  const [beat] = await Promise.all([farm.say(vax, offer, ''), farm.attempts.expireLeases()])

  // Either call may be first. If the message is first, the job goes on. Otherwise the host gets `lease-lost`.
  const lost = (await farm.builds.findJob(1))?.attempts.at(-1)?.verdict === 'lost'
  expect(beat.kind).toBe(lost ? 'lease-lost' : 'ok')
})
