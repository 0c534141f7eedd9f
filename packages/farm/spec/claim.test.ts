import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import { attemptOf, commitOf, farmTest, leaseSeconds } from './farm-test.ts'

farmTest('a host claims only jobs from its own queue', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  const sun = await farm.host('sun', [])
  await farm.build(commitOf('a'))

  expect(await sun.claim(1)).toBe('none')
  expect(await vax.claim(1)).toMatchObject({ attempt: '1.1', project: 'sample', arch: 'amd64', variant: 'default' })
  expect(await vax.claim(2, { slot: 2 })).toBe('none')
})

farmTest("a host cannot use another host's attempt", async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  const sun = await farm.host('sun', [])
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer

  expect(await farm.say(sun, offer, 'hello')).toEqual({ kind: 'unknown' })
  expect(await farm.end(sun, offer)).toEqual({ kind: 'unknown' })
  expect(await farm.attempts.sourcesOf(attemptOf(offer), sun.id, offer.lease)).toBeUndefined()
})

farmTest('a repeated claim gets the same lease', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.build(commitOf('b'))
  const first = await vax.claim(1)

  expect(await vax.claim(1)).toEqual(first)
})

farmTest('if two slots claim one job at the same moment, one slot gets the job', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offers = await Promise.all([1, 2].map(slot => vax.claim(1, { slot })))

  expect(offers.filter(offer => offer === 'none')).toHaveLength(1)
  expect(offers.filter(offer => typeof offer !== 'string')).toHaveLength(1)
})

farmTest('one slot never holds two jobs, even after two claims at the same moment', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.build(commitOf('b'))
  const request = { hostId: vax.id, instance: 'vax-1', slot: 1, claim: 1 }
  const leases = await Promise.all([farm.attempts.lease(request), farm.attempts.lease(request)])

  expect(leases.filter(({ kind }) => kind === 'offer')).toHaveLength(1)
  expect((await farm.verdicts()).sort()).toEqual(['leased', 'queued'])
})

farmTest('a late duplicate of an old claim gets no job', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  await farm.end(vax, offer)
  await farm.build(commitOf('b'))

  expect(await vax.claim(1)).toBe('stale')
  expect(await vax.claim(2)).toMatchObject({ attempt: '2.1' })
  expect(await vax.claim(1)).toBe('stale')
})

farmTest('if a host with a job claims another job, it loses the first job', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await vax.claim(1)

  expect(await vax.claim(2)).toMatchObject({ attempt: '1.2' })
  expect((await farm.builds.findJob(1))?.attempts[1]).toMatchObject({ verdict: 'lost', reason: 'forgotten' })
})

farmTest('a second agent with the same credential gets no job while the first agent is alive', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  const second = { hostId: vax.id, instance: 'vax-2', slots: 1, version: '1', facts: {}, arches: [] }
  await farm.build(commitOf('a'))

  expect(await farm.hosts.hello(second)).toMatchObject({ kind: 'other-instance' })
  expect(await vax.claim(1, { instance: 'vax-2' })).toBe('other-instance')
  farm.wait(leaseSeconds + 1)
  expect(await farm.hosts.hello(second)).toEqual({ kind: 'welcome' })
  expect(await vax.claim(1)).toBe('other-instance')
})

farmTest('if a killed agent starts again, the new agent replaces its predecessor at once', async ({ farm }) => {
  const vax = await farm.host('vax')
  const next = { hostId: vax.id, instance: 'vax-2', previous: 'vax-1', slots: 1, version: '1', facts: {}, arches: [] }
  expect(await farm.hosts.hello(next)).toEqual({ kind: 'welcome' })
  expect(await farm.hosts.hello(next)).toEqual({ kind: 'welcome' }) // the host repeats the hello because the answer was lost
})

farmTest('a paused host gets no jobs until its pause ends', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.hosts.setPaused('vax', true)

  expect(await vax.claim(1)).toBe('paused')
  expect((await farm.hosts.find('vax'))?.presence).toBe('paused')
  await farm.hosts.setPaused('vax', false)
  expect(await vax.claim(1)).toMatchObject({ attempt: '1.1' })
})

farmTest('a host that takes no jobs sends the reason, and the matrix shows this reason', async ({ farm }) => {
  const vax = await farm.host('vax')
  const request = { hostId: vax.id, instance: 'vax-1', slot: 1, claim: 1 }
  await farm.attempts.checkSlot(request, { diskFreeMb: 12, refusal: 'disk-full 12 MB free' })
  expect((await farm.matrix.load()).hosts[0]).toMatchObject({ name: 'vax', refusal: 'disk-full 12 MB free' })
  await farm.attempts.checkSlot(request, { diskFreeMb: 9000 })
  expect(await farm.hosts.find('vax')).toMatchObject({ refusal: null, diskFreeMb: 9000 })
})

farmTest('a claim with a credential is checked together with its slot', async ({ farm }) => {
  const vax = await farm.host('vax')
  const claim = { hostId: vax.id, instance: 'vax-1', slot: 1, claim: 1 }
  const check = (credential: string) => farm.attempts.checkSlot({ ...claim, credential }, { diskFreeMb: 12 })
  const unknown = { kind: 'unknown-credential' }

  expect(await check('rfh-other')).toEqual(unknown)
  expect((await farm.hosts.find('vax'))?.diskFreeMb).toBeNull() // an unknown credential changes nothing
  expect(await check(vax.credential)).toEqual({ kind: 'free', idle: true })
  expect((await farm.hosts.find('vax'))?.diskFreeMb).toBe(12)
  const otherAgent = { ...claim, instance: 'vax-2', credential: vax.credential }
  expect(await farm.attempts.checkSlot(otherAgent)).toEqual({ kind: 'other-instance' })

  await farm.hosts.remove('vax')
  expect(await check(vax.credential)).toEqual(unknown)
  const again = await farm.host('vax')
  expect(again.id).toBe(vax.id)
  expect(await check(vax.credential)).toEqual(unknown)
  expect(await check(again.credential)).toEqual({ kind: 'free', idle: true })
})

farmTest('a removed host is unknown, and the farm cancels its jobs', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  await farm.build(commitOf('b'))
  await farm.hosts.remove('vax')

  expect(await farm.hosts.findByCredentials([vax.credential])).toEqual(new Map())
  expect(await farm.verdicts()).toEqual(['cancelled', 'cancelled'])
  expect((await farm.matrix.load()).hosts).toEqual([])
})

farmTest('the answer to an out-of-date claim contains the number of the newest claim', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  const request = { hostId: vax.id, instance: 'vax-1', slot: 1, claim: 3 }
  await farm.build(commitOf('a'))
  await vax.claim(3)
  expect(await farm.attempts.checkSlot({ ...request, claim: 2 })).toEqual({ kind: 'stale', newest: 3 })
  farm.wait(leaseSeconds + 601)
  await farm.attempts.expireLeases()

  expect(await farm.attempts.checkSlot(request)).toEqual({ kind: 'stale', newest: 3 })
  expect(await vax.claim(4)).toMatchObject({ attempt: '1.2' })
})

farmTest('if a new agent repeats the claim of its predecessor, the job restarts with a new lease', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const first = (await vax.claim(1)) as Offer
  await farm.say(vax, first, 'first\n', { steps: [{ exit: 0, milliseconds: 1, logBytes: 6 }] })
  const successor = {
    hostId: vax.id,
    instance: 'vax-2',
    previous: 'vax-1',
    slots: 1,
    version: '1',
    facts: {},
    arches: [],
  }
  await farm.hosts.hello(successor)
  const second = (await vax.claim(1, { instance: 'vax-2' })) as Offer

  expect(second.attempt).toBe(first.attempt)
  expect(second.lease).not.toBe(first.lease)
  expect(await vax.claim(1, { instance: 'vax-2' })).toEqual(second)
  expect(await farm.say(vax, first, 'more\n', { offset: 6 })).toEqual({ kind: 'lease-lost' })
  expect(await farm.say(vax, second, 'second\n')).toMatchObject({ kind: 'ok', size: 7 })
  expect(await farm.end(vax, first, { log: 'first\n' })).toEqual({ kind: 'lease-lost' })
  expect(await farm.end(vax, second, { log: 'second\n' })).toEqual({ kind: 'finished', verdict: 'passed' })
})

farmTest('an attempt starts with an empty log, even if the database is older than the logs', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  mkdirSync(join(farm.logsDirectory, '0'))
  writeFileSync(join(farm.logsDirectory, '0/1.1.log'), 'of another job, before the restore\n'.repeat(1000))

  const offer = (await vax.claim(1)) as Offer
  expect(await farm.attempts.logSize({ jobId: 1, number: 1 })).toBe(0)
  expect(await farm.say(vax, offer, 'its own\n')).toMatchObject({ kind: 'ok', size: 8 })
  expect(await vax.claim(1)).toMatchObject({ attempt: '1.1' }) // a repeated offer keeps the log
  expect(await farm.attempts.logSize({ jobId: 1, number: 1 })).toBe(8)
  await farm.end(vax, offer, { log: 'its own\n' })
  expect(await farm.verdicts()).toEqual(['passed'])
})

farmTest('the farm rejects the hello of a removed host', async ({ farm }) => {
  const vax = await farm.host('vax')
  await farm.hosts.remove('vax')
  expect(farm.events).toContainEqual({ kind: 'host-removed', hostId: vax.id })
  const request = { hostId: vax.id, slots: 1, version: '1.0.0', facts: {}, arches: [] }
  expect(await farm.hosts.hello({ ...request, instance: 'vax-2', previous: 'vax-1' })).toEqual({ kind: 'removed' })
})

farmTest('a removed host can neither continue its job nor finish it', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  await farm.say(vax, offer, 'a line\n')
  await farm.hosts.remove('vax')

  expect(await farm.end(vax, offer, { log: 'a line\n' })).toEqual({ kind: 'lease-lost' })
  expect(await farm.say(vax, offer, 'more\n', { offset: 7 })).toEqual({ kind: 'lease-lost' })
  expect((await farm.builds.findJob(1))?.attempts[0]).toMatchObject({
    verdict: 'cancelled',
    detail: 'the host was removed from the farm',
  })
})
