// Tests with real servers: the pages and the API show a silent host, and the farm alerts the owner of the host.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scriptProject, type TestFarm } from '../support/farm-fixture.ts'
import { farmTest, sharedFarm } from '../support/farm-test.ts'
import { pageText } from '../support/patient-api.ts'
import { Receiver } from '../support/receiver.ts'
import { eventually } from '../support/waiting.ts'

const quick = {
  LEASE_SECONDS: '5',
  SILENT_SECONDS: '6',
  PUBLIC_URL: 'https://farm.example.org',
  NOTIFY_PRIVATE: 'true',
}
const projects = { sample: scriptProject({ limits: { 'lost-after': '10s', attempts: 2 } }) }

interface HostAnswer {
  presence: string
  silentSince: string | null
  alerted: boolean
}

const view = (farm: TestFarm, name: string) => farm.api().get<HostAnswer>(`/api/v1/hosts/${name}`)
const becomes = (farm: TestFarm, name: string, presence: string) =>
  eventually(`${name} to be ${presence}`, async () => {
    const host = await view(farm, name)
    return host.presence === presence ? host : undefined
  })

/** Sets the alert of a host to this receiver. */
async function alert(farm: TestFarm, name: string, receiver: Receiver) {
  const { secret } = await farm.api().post<{ secret: string }>(`/api/v1/hosts/${name}/alert`, { url: receiver.url })
  receiver.secret = secret
}

let receiver: Receiver
beforeAll(async () => {
  receiver = await Receiver.open()
})
afterAll(() => receiver.close())

const farm = sharedFarm({ queues: 'redis', environment: quick, projects })
beforeAll(() => farm().another())

test('one of two servers sends one signed alert about a silent host, and the lost job runs again when the host is back', async () => {
  const vax = await farm().wireHost('vax')
  await alert(farm(), 'vax', receiver)
  const build = await farm().push()
  const offer = await vax.job(1)
  await vax.progress(offer, 'hm\n')
  const stream = await fetch(`${farm().url}/events?since=${Date.now() + 60_000}`)
  const reader = stream.body?.getReader()

  const host = await becomes(farm(), 'vax', 'silent')
  expect([host.alerted, host.silentSince === null]).toEqual([true, false])
  const told = await receiver.message(1)
  expect(told.signed).toBe(true)
  expect(told.body).toMatchObject({
    type: 'host.silent',
    host: 'vax',
    since: host.silentSince,
    attempt: offer.attempt,
    job: Number.parseInt(offer.attempt, 10),
    url: 'https://farm.example.org/hosts/vax',
  })
  const seen = await eventually('an event on the live page', async () => {
    const { value } = (await reader?.read()) ?? {}
    return Buffer.from(value ?? '').includes('changed') || undefined
  })
  expect(seen).toBe(true)
  await reader?.cancel()
  expect(await pageText(`${farm().url}/hosts/vax`)).toContain(
    'The host is down, has no network, or somebody killed its agent',
  )

  const job = await build.job('vax')
  await eventually('the second attempt', async () => (await job.view()).attempts.length === 2 || undefined)
  expect((await job.view()).attempts[1]).toMatchObject({ verdict: 'lost', reason: 'lease-expired' })
  const second = await vax.job(2)
  expect(second.attempt).toBe(offer.attempt.replace(/1$/, '2'))
  await vax.finish(second)
  expect((await view(farm(), 'vax')).presence).toBe('online')
  const back = await receiver.message(2)
  expect([back.signed, back.body.type, back.body.since]).toEqual([true, 'host.back', host.silentSince])
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(2)

  await vax.post(`/agent/v1/bye?instance=${vax.instance}`, [])
  await becomes(farm(), 'vax', 'away')
  // vax was last seen before sun. So if a host that is away could become silent, vax would be silent first.
  await farm().wireHost('sun')
  await becomes(farm(), 'sun', 'silent')
  expect([(await view(farm(), 'vax')).presence, receiver.received.length]).toEqual(['away', 2])
})

test('an administrator sets and removes the alert of a host, and only administrators see the address of the alert', async () => {
  await farm().wireHost('alpha')
  await alert(farm(), 'alpha', receiver)
  const page = await pageText(`${farm().url}/hosts/alpha`)
  expect(page).not.toContain('127.0.0.1:')
  const stranger = await fetch(`${farm().url}/api/v1/hosts/alpha/alert`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: receiver.url }),
  })
  expect(stranger.status).toBe(401)
  await expect(farm().api().post('/api/v1/hosts/alpha/alert', { url: 'file:///etc/passwd' })).rejects.toThrow(
    /must be an http/,
  )
  await farm().api().delete('/api/v1/hosts/alpha/alert')
  expect((await view(farm(), 'alpha')).alerted).toBe(false)
})

farmTest(
  'while Redis is away, leases expire, hosts become silent and the farm sends alerts to their owners',
  { queues: 'redis', environment: quick, projects },
  async farm => {
    const owner = await Receiver.open()
    const vax = await farm.wireHost('vax')
    await alert(farm, 'vax', owner)
    const build = await farm.push()
    await vax.progress(await vax.job(1), 'hm\n')
    await farm.redis?.stop()
    await becomes(farm, 'vax', 'silent')
    expect((await owner.message(1)).signed).toBe(true)
    const job = await build.job('vax')
    await eventually('the second attempt', async () => (await job.view()).attempts.length === 2 || undefined)
    await owner.close()
  },
)

farmTest(
  'the farm sends a failed alert again with the same id, even if Redis lost its data',
  { queues: 'redis', environment: quick, projects },
  async farm => {
    const owner = await Receiver.open()
    owner.statuses = [503]
    await farm.wireHost('vax')
    await alert(farm, 'vax', owner)
    const refused = await owner.message(1)
    await farm.redis?.flush()
    await eventually('the repeated alert', async () => {
      await farm.sql(`UPDATE "Notification" SET "nextAt" = now() WHERE "problem" = 'it answered with status 503'`)
      return owner.received[1]
    })
    expect(await owner.message(2)).toEqual(refused)
    await owner.close()
  },
)

farmTest(
  'after a server was down, the server waits the full silence time before it shows a host as silent',
  { queues: 'postgres', environment: { ...quick, SILENT_SECONDS: '9' }, projects },
  async farm => {
    const owner = await Receiver.open()
    await farm.wireHost('vax')
    await alert(farm, 'vax', owner)
    await eventually('a silence check', async () => (await view(farm, 'vax')).presence === 'online' || undefined)
    await farm.stop()
    await farm.sql(
      `UPDATE "Host" SET "lastSeenAt" = now() - interval '1 day'; UPDATE "SilenceCheck" SET "lastAt" = now() - interval '1 day', "since" = now() - interval '2 days'`,
    )
    await farm.start()
    const started = Date.now()
    await becomes(farm, 'vax', 'silent')
    expect(Date.now() - started).toBeGreaterThan(7_500)
    await owner.message(1)
    await owner.close()
  },
)
