import { expect } from 'vitest'
import type { Followed } from '../src/index.ts'
import { commitOf, farmTest, type HostHandle, type TestFarm } from './farm-test.ts'
import { configureWith, deliverAll, examineAll, runNext, undeclared } from './outbox-farm.ts'

const sample: Followed = {
  project: 'sample',
  branch: null,
  host: null,
  arch: null,
  variant: null,
  events: ['newly-failing', 'fixed'],
}
const address = 'ada@example.org'

/** Delivers the due messages. Returns the title, the addresses and the links of each. */
async function mails(farm: TestFarm) {
  const to = new Map<string, string>()
  const sent = await deliverAll(farm, ({ id, target }) => {
    to.set(id, target?.kind === 'mail' ? target.to.join(', ') : '')
    return true
  })
  return sent
    .filter(({ id }) => to.get(id) !== '')
    .map(({ id, title, links }) => ({
      to: to.get(id),
      title,
      token:
        links.flatMap(link => ('path' in link ? (/^\/subscriptions\/(.+)$/.exec(link.path)?.[1] ?? []) : []))[0] ?? '',
    }))
}

/** Subscribes and confirms. Returns the token. */
async function following(farm: TestFarm, followed: Followed = sample, mail = address): Promise<string> {
  expect(await farm.notifications.follow(mail, followed)).toEqual({ kind: 'requested' })
  const [{ token = '' } = {}] = await mails(farm)
  expect(await farm.notifications.confirm(token)).toBe(true)
  return token
}

async function build(farm: TestFarm, letter: string, runs: [HostHandle, string?][]): Promise<void> {
  await farm.build(commitOf(letter))
  for (const [host, log] of runs) await runNext(farm, host, log)
  await examineAll(farm)
}

farmTest('a person receives messages only after the confirmation, and none after the end', async ({ farm }) => {
  await configureWith(farm, [])
  const vax = await farm.host('vax')
  await build(farm, 'a', [[vax]])
  expect(await farm.notifications.follow('Ada@Example.org', sample)).toEqual({ kind: 'requested' })
  const [asked, more] = await mails(farm)
  expect([asked?.to, asked?.title, more]).toEqual([address, 'Confirm that you want to follow sample', undefined])
  await build(farm, 'b', [[vax, undeclared('x')]])
  expect(await mails(farm)).toEqual([])

  const token = asked?.token ?? ''
  expect(await farm.notifications.subscription(token)).toMatchObject({ project: 'sample', confirmed: false })
  expect([await farm.notifications.confirm(token), await farm.notifications.confirm(token)]).toEqual([true, true])
  await build(farm, 'c', [[vax]])
  expect(await mails(farm)).toMatchObject([{ to: address, title: '[sample main] build step passes again on 1 host' }])
  await build(farm, 'd', [[vax, undeclared('x')]])
  await farm.notifications.unsubscribe(token)
  await farm.notifications.unsubscribe(token)
  expect(await mails(farm), 'also no message that already waits').toEqual([])
  expect(await farm.sql('SELECT 1 FROM "Subscription"')).toEqual([])
  expect(await farm.notifications.confirm(token)).toBe(false)
})

farmTest('the database has no token, and no list of messages has an address', async ({ farm }) => {
  await configureWith(farm, [])
  const token = await following(farm)
  const rows = await farm.sql('SELECT * FROM "Subscription", "Notification"')
  expect(JSON.stringify(rows)).not.toContain(token)
  const listed = JSON.stringify([await farm.notifications.list({ limit: 9 }), await farm.notifications.channels()])
  expect(listed).toContain('"subscription 1"')
  expect(listed).not.toContain(address)
  expect(JSON.stringify(await farm.notifications.subscription(token))).not.toContain(address)
})

farmTest('a person who follows a host or a cell receives messages about it alone', async ({ farm }) => {
  await configureWith(farm, [])
  const [sun, vax] = [await farm.host('sun', ['sparc']), await farm.host('vax', ['amd64', 'vax'])]
  const place = { ...sample, project: null }
  await following(
    farm,
    { ...place, host: 'vax', events: ['newly-failing', 'fixed', 'host-silent'] },
    'host@example.org',
  )
  await following(farm, { ...place, host: 'vax', arch: 'vax', variant: 'default' }, 'cell@example.org')
  await build(farm, 'a', [[sun], [vax], [vax]])
  await build(farm, 'b', [[sun, undeclared('x')], [vax], [vax]])
  expect(await mails(farm)).toEqual([])
  await build(farm, 'c', [[sun, undeclared('x')], [vax, undeclared('x')], [vax]])
  expect(await mails(farm), 'the cell joins a problem that others know').toMatchObject([{ to: 'host@example.org' }])
  await farm.pass(200)
  expect((await mails(farm)).filter(({ to }) => to !== 'host@example.org')).toEqual([])
})

farmTest('the answer is the same if the address follows already or has its limit of mails', async ({ farm }) => {
  await configureWith(farm, [])
  await following(farm)
  const answers = []
  const titles: string[] = []
  for (let request = 0; request < 7; request++) {
    farm.wait(1)
    answers.push(await farm.notifications.follow(address, { ...sample, events: ['build'] }))
    titles.push(...(await mails(farm)).map(({ title }) => title))
  }
  expect(new Set(answers.map(answer => JSON.stringify(answer)))).toEqual(new Set(['{"kind":"requested"}']))
  expect(titles, 'five mails within a day').toEqual(Array(4).fill('You follow sample already'))
  const [row] = await farm.sql('SELECT "events" FROM "Subscription"')
  expect(row, 'a stranger changes nothing').toEqual({ events: ['newly-failing', 'fixed'] })
})

farmTest('an address has at most 20 subscriptions, and the farm at most 2,000', async ({ farm }) => {
  await configureWith(farm, [])
  const add = (count: number, of: string) =>
    farm.sql(`INSERT INTO "Subscription" ("address", "scope", "events", "seed", "tokenHash", "createdAt")
      SELECT '${of}', '${of}' || n, '{fixed}', 'x', '${of}' || n, '2024-05-06T07:08:09Z' FROM generate_series(1, ${count}) n`)
  await add(20, address)
  expect(await farm.notifications.follow(address, sample)).toEqual({ kind: 'requested' })
  expect(await mails(farm)).toEqual([])
  await add(1980, 'other@example.org')
  expect(await farm.notifications.follow('eve@example.org', sample)).toEqual({ kind: 'full' })
})

farmTest('the farm sends at most 100 requests for confirmation within an hour', async ({ farm }) => {
  await configureWith(farm, [])
  await farm.sql(`INSERT INTO "Notification" ("event", "subject", "channel", "thread", "createdAt", "nextAt", "deliveredAt")
    SELECT 'confirm', 'c' || n, 'subscription:9', 'c', '2024-05-06T07:08:09Z', '2024-05-06T07:08:09Z', '2024-05-06T07:08:09Z'
      FROM generate_series(1, 100) n`)
  expect(await farm.notifications.follow(address, sample)).toEqual({ kind: 'busy' })
  farm.wait(3601)
  expect(await farm.notifications.follow(address, sample)).toEqual({ kind: 'requested' })
})

farmTest('the farm forgets an address that nobody confirms within three days', async ({ farm }) => {
  await configureWith(farm, [])
  await following(farm)
  await farm.notifications.follow('eve@example.org', sample)
  farm.wait(3 * 86_400 - 1)
  await farm.notifications.deleteUnconfirmed()
  expect(await farm.sql('SELECT "address" FROM "Subscription"')).toHaveLength(2)
  farm.wait(2)
  await farm.notifications.deleteUnconfirmed()
  expect(await farm.sql('SELECT "address" FROM "Subscription"')).toEqual([{ address }])
})

farmTest('the farm forgets an address that the mail server refuses five times', async ({ farm }) => {
  await configureWith(farm, [])
  await following(farm)
  for (let refusal = 1; refusal <= 5; refusal++) {
    await farm.sql(`INSERT INTO "Notification" ("event", "subject", "channel", "thread", "createdAt", "nextAt")
      VALUES ('test', 't${refusal}', 'subscription:1', 't${refusal}', now(), '2024-05-06T07:08:09Z')`)
    const [message] = await farm.notifications.takeDue()
    if (message) await farm.notifications.markFailed(message, { problem: 'no such user', permanent: true })
    expect(await farm.sql('SELECT 1 FROM "Subscription"')).toHaveLength(refusal < 5 ? 1 : 0)
  }
})

farmTest('a request with a mistake is refused', async ({ farm }) => {
  await configureWith(farm, [])
  const follow = (mail: string, changes: Partial<Followed> = {}) =>
    farm.notifications.follow(mail, { ...sample, ...changes })
  const invalid = (problem: string) => ({ kind: 'invalid', problem })
  expect(await follow('ada')).toEqual(invalid('The farm cannot send mail to this address: it is not a mail address.'))
  expect(await follow(address, { events: [] })).toEqual(invalid('Choose at least one event.'))
  expect(await follow(address, { events: ['host-silent'] })).toEqual(
    invalid('The event host-silent cannot be chosen here.'),
  )
  expect(await follow(address, { project: 'smaple' })).toEqual(invalid('There is no project smaple.'))
  expect(await follow(address, { host: 'vex' })).toEqual(invalid('There is no host vex.'))
  expect(await mails(farm)).toEqual([])
})
