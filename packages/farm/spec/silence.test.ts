import { expect } from 'vitest'
import type { DueMessage, Offer } from '../src/index.ts'
import { commitOf, farmTest, leaseSeconds, project, type TestFarm } from './farm-test.ts'
import { serverOf } from './server-facts.ts'

const url = 'https://alerts.example.org/vax'

const takeDue = (farm: TestFarm) => farm.notifications.takeDue()

/** Takes the due alerts and marks them as delivered, so that the next call takes the next alerts. */
async function takeAndDeliver(farm: TestFarm) {
  const due = await takeDue(farm)
  for (const message of due) await farm.notifications.markDelivered(message)
  return due.map(({ event, rows: [row] }) => ({ event, hostId: row?.hostId, ...row?.data }))
}

const hostsHeard = (farm: TestFarm) => farm.events.filter(({ kind }) => kind === 'host').length

farmTest(
  'if a host sends no messages, the farm emits one event and alerts the owner once within two minutes',
  async ({ farm }) => {
    await farm.configure()
    const vax = await farm.host('vax')
    await farm.hosts.setAlert('vax', url)
    await farm.pass(60)
    await farm.build(commitOf('a'))
    await vax.claim(1)
    const since = farm.now()
    await farm.pass(105)
    expect((await farm.hosts.find('vax'))?.presence).toBe('online')
    const before = hostsHeard(farm)
    await farm.pass(10)

    expect(await farm.hosts.find('vax')).toMatchObject({ presence: 'silent', silentSince: since })
    expect(hostsHeard(farm)).toBe(before + 1)
    expect(await takeAndDeliver(farm)).toEqual([
      { event: 'host-silent', hostId: vax.id, since: since.toISOString(), attempts: ['1.1'] },
    ])
    await farm.pass(300)
    expect(await takeAndDeliver(farm)).toEqual([])
  },
)

farmTest(
  'the job of a silent host is lost after the lease and the lost-after time, and then runs again',
  async ({ farm }) => {
    await farm.configure()
    const vax = await farm.host('vax')
    await farm.build(commitOf('a'))
    await vax.claim(1)
    await farm.pass(leaseSeconds + 600 - 5)
    await farm.attempts.expireLeases()
    expect([(await farm.hosts.find('vax'))?.presence, await farm.verdicts()]).toEqual(['silent', ['leased']])
    await farm.pass(10)
    await farm.attempts.expireLeases()
    expect((await farm.builds.findJob(1))?.attempts.map(({ verdict }) => verdict)).toEqual([null, 'lost'])

    await vax.claim(2)
    await farm.pass(leaseSeconds + 600 + 10)
    await farm.attempts.expireLeases()
    expect((await farm.builds.findJob(1))?.attempts.map(({ verdict }) => verdict)).toEqual(['lost', 'lost'])
  },
)

farmTest('the next message of a host ends the silence at once, and the owner gets an alert', async ({ farm }) => {
  await farm.configure()
  const vax = await farm.host('vax')
  await farm.hosts.setAlert('vax', url)
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  const since = farm.now()
  await farm.pass(130)
  await takeAndDeliver(farm)
  await farm.say(vax, offer, 'back\n')
  expect(await farm.hosts.find('vax')).toMatchObject({ presence: 'online', silentSince: null })

  const before = hostsHeard(farm)
  await farm.pass(5)
  expect(hostsHeard(farm)).toBe(before + 1)
  expect(await takeAndDeliver(farm)).toEqual([
    { event: 'host-back', hostId: vax.id, since: since.toISOString(), attempts: ['1.1'] },
  ])
  await farm.pass(115)
  expect(await takeAndDeliver(farm)).toMatchObject([{ event: 'host-silent' }])
})

farmTest.for([3600, 90, 5])(
  'with a lease of %i s, a host that sends messages is not silent',
  { timeout: 60_000 },
  async (lease, { farm }) => {
    Object.assign(farm.settings, { leaseSeconds: lease })
    await farm.configure()
    const vax = await farm.host('vax')
    const idle = await farm.host('idle', ['vax'])
    await farm.build(commitOf('a'))
    const offer = (await vax.claim(1)) as Offer
    for (let second = 0; second < 240; second += 2) {
      await farm.pass(2)
      await farm.say(vax, offer, '')
      if (second % 50 === 0) await idle.claim(1)
    }
    expect((await farm.hosts.list({ limit: 9 })).map(({ presence }) => presence)).toEqual(['online', 'online'])
  },
)

farmTest('if an agent announced that it stops, its host is away and not silent', async ({ farm }) => {
  const vax = await farm.host('vax')
  await farm.hosts.setAlert('vax', url)
  await farm.hosts.bye(vax.id, 'vax-1')
  await farm.pass(300)
  expect((await farm.hosts.find('vax'))?.presence).toBe('away')
  expect(await takeAndDeliver(farm)).toEqual([])
})

farmTest('after the farm was down, every host gets its full time before it is silent', async ({ farm }) => {
  await farm.host('vax')
  await farm.hosts.setAlert('vax', url)
  await farm.pass(60)
  farm.wait(86_400) // no server runs during this day
  await farm.pass(100)
  expect([(await farm.hosts.find('vax'))?.presence, await takeAndDeliver(farm)]).toEqual(['online', []])
  await farm.pass(15)
  expect((await farm.hosts.find('vax'))?.presence).toBe('silent')
  expect(await takeAndDeliver(farm)).toMatchObject([{ event: 'host-silent' }])
})

farmTest('if one of several servers restarts, a host does not become silent later than usual', async ({ farm }) => {
  await farm.host('vax')
  await farm.pass(100)
  await farm.servers.register(serverOf('second'))
  await farm.pass(15)
  expect((await farm.hosts.find('vax'))?.presence).toBe('silent')
})

farmTest('if two servers check for silent hosts at the same moment, they write one alert', async ({ farm }) => {
  const ids: number[] = []
  for (const name of ['vax', 'sun', 'alpha']) {
    ids.push((await farm.host(name)).id)
    await farm.hosts.setAlert(name, url)
  }
  await farm.pass(100)
  farm.wait(10)
  const seen = await Promise.all([farm.hosts.checkSilence(), farm.hosts.checkSilence(), farm.hosts.checkSilence()])
  expect(seen.flatMap(({ silent }) => silent).sort()).toEqual(['alpha', 'sun', 'vax'])
  const taken = await Promise.all([takeDue(farm), takeDue(farm), takeDue(farm)])
  expect(
    taken
      .flat()
      .map(({ rows: [row] }) => row?.hostId)
      .sort(),
  ).toEqual(ids)
})

farmTest('a removed host has no alerts', async ({ farm }) => {
  await farm.host('vax')
  await farm.hosts.setAlert('vax', url)
  await farm.pass(115)
  await takeAndDeliver(farm)
  await farm.hosts.remove('vax')
  await farm.pass(115)
  expect(await takeAndDeliver(farm)).toEqual([])
})

const fail = async (farm: TestFarm, message: DueMessage | undefined, permanent = false) =>
  message && farm.notifications.markFailed(message, { problem: 'no answer', permanent })

farmTest(
  'the farm sends a failed alert again, after longer and longer pauses, and keeps the order of the alerts',
  async ({ farm }) => {
    const vax = await farm.host('vax')
    await farm.hosts.setAlert('vax', url)
    await farm.pass(115)
    const [first] = await takeDue(farm)
    await fail(farm, first)
    expect(await takeDue(farm)).toEqual([])
    expect((await farm.hosts.findAlert('vax'))?.newest).toMatchObject({ problem: 'no answer', deliveredAt: null })

    await vax.claim(1)
    await farm.pass(25)
    expect(await takeDue(farm)).toEqual([]) // the alert `host-back` waits for its turn
    farm.wait(95)
    expect(await takeDue(farm)).toMatchObject([{ id: first?.id, event: 'host-silent' }])
    farm.wait(299)
    expect(await takeDue(farm)).toEqual([])
    farm.wait(2)
    expect(await takeAndDeliver(farm)).toMatchObject([{ event: 'host-silent' }])
    expect(await takeAndDeliver(farm)).toMatchObject([{ event: 'host-back' }])
  },
)

farmTest('the farm gives up an alert after a day, and sends the next alert', async ({ farm }) => {
  const vax = await farm.host('vax')
  await farm.hosts.setAlert('vax', url)
  await farm.pass(115)
  await vax.claim(1)
  await farm.pass(5)
  const start = farm.now().getTime()
  for (;;) {
    const [due] = await takeDue(farm)
    if (due?.event === 'host-back') break
    await fail(farm, due)
    farm.wait(1800)
  }
  expect(farm.now().getTime() - start).toBeGreaterThan(86_000_000)
})

farmTest('if a receiver wants no more alerts, the farm gives up the alert', async ({ farm }) => {
  await farm.host('vax')
  await farm.hosts.setAlert('vax', url)
  await farm.pass(115)
  const [due] = await takeDue(farm)
  await fail(farm, due, true)
  farm.wait(86_400)
  expect(await takeDue(farm)).toEqual([])
})

farmTest('an owner can receive alerts by mail, and a web address too', async ({ farm }) => {
  await farm.host('vax')
  expect(await farm.hosts.setAlert('vax', 'ada@example.org')).toEqual({ kind: 'set-mail' })
  await farm.hosts.setAlert('vax', url)
  expect(await farm.hosts.findAlert('vax')).toMatchObject({
    origin: 'https://alerts.example.org',
    mail: 'ada@example.org',
  })
  await farm.pass(115)
  expect((await takeDue(farm)).map(({ target }) => target?.kind).sort()).toEqual(['mail', 'webhook'])
})

farmTest('a channel of the whole farm receives silent hosts', async ({ farm }) => {
  const notify = [{ target: { kind: 'mail' as const, to: ['dev@example.org'] }, events: ['host-silent'] }]
  await farm.projects.applyConfiguration([project()], { notify, notifyAfterSeconds: 60 })
  const vax = await farm.host('vax')
  await farm.pass(115)
  const [silent] = await takeDue(farm)
  expect(silent && (await farm.notifications.compose(silent))).toMatchObject({ title: 'Host vax is silent' })
  if (silent) await farm.notifications.markDelivered(silent)
  await vax.claim(1)
  await farm.pass(5)
  const [back] = await takeDue(farm)
  expect(back && (await farm.notifications.compose(back))).toMatchObject({ title: 'Host vax is back' })
})

farmTest(
  'the farm shows the secret of an alert once, and makes a new secret when the alert is set again',
  async ({ farm }) => {
    await farm.host('vax')
    const first = await farm.hosts.setAlert('vax', url)
    const second = await farm.hosts.setAlert('vax', url)
    if (first.kind !== 'set' || second.kind !== 'set') throw new Error('it was not set')
    expect(first.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(second.secret).not.toBe(first.secret)
    await farm.pass(115)
    expect(await takeDue(farm)).toMatchObject([{ target: { kind: 'webhook', secret: second.secret, url } }])
    expect(await farm.hosts.findAlert('vax')).toMatchObject({ origin: 'https://alerts.example.org' })
    expect(JSON.stringify(await farm.hosts.find('vax'))).not.toContain('alerts.example.org')

    expect(await farm.hosts.setAlert('vax', 'file:///etc/passwd')).toMatchObject({ kind: 'bad-url' })
    expect(await farm.hosts.setAlert('nobody', url)).toEqual({ kind: 'unknown-host' })
    expect(await farm.hosts.setAlert('vax', null)).toEqual({ kind: 'off' })
    expect([await farm.hosts.findAlert('vax'), (await farm.hosts.find('vax'))?.alerted]).toEqual([undefined, false])
  },
)

farmTest('the farm drops unsent alerts when somebody turns alerts off', async ({ farm }) => {
  await farm.host('vax')
  await farm.hosts.setAlert('vax', url)
  await farm.pass(115)
  await farm.hosts.setAlert('vax', null)
  await farm.hosts.setAlert('vax', url)
  expect(await takeDue(farm)).toEqual([])
})
