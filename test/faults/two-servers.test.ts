// Two server processes share one database, one Redis and one directory.
import { beforeAll, expect, test } from 'vitest'
import { scriptProject } from '../support/farm-fixture.ts'
import { farmTest, sharedFarm } from '../support/farm-test.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { eventually } from '../support/waiting.ts'
import { WireHost } from '../support/wire-host.ts'

const farm = sharedFarm({
  queues: 'redis',
  environment: { LEASE_SECONDS: '5' },
  projects: { sample: scriptProject(), brief: scriptProject({ limits: { 'lost-after': '1s' } }) },
})
let other: ServerProcess
beforeAll(async () => {
  other = await farm().another()
})

/** The same host at the other server, as if a load balancer sent the next request of the host there. */
const at = (server: ServerProcess, host: WireHost): WireHost =>
  Object.assign(Object.create(WireHost.prototype), host, { url: server.url })
const atOther = (host: WireHost) => at(other, host)

test('if a host waits at one server and the other server queues a job, the host gets the job at once', async () => {
  const host = await farm().wireHost('vax')
  await farm().push()
  await host.runs(1)
  const waiting = atOther(host).job(2)
  const build = await farm().push()
  await build.prepared()
  const ready = Date.now()
  const offer = await waiting
  expect(Date.now() - ready).toBeLessThan(5_000) // without a wake-up, the reconcile task would take 10 s
  expect((await host.finish(offer)).code).toBe(0)
  expect((await (await build.job('vax')).view()).verdict).toBe('passed')
})

test('if a host waits for jobs at both servers, a job reaches the host once', async () => {
  const host = await farm().wireHost('alpha')
  const both = [host.claim(1, { wait: 15 }), atOther(host).claim(1, { wait: 15 })]
  await farm().push()
  const answers = await Promise.all(both)
  const offers = new Set(
    answers.flatMap(({ lines }) => lines.filter(([key]) => key === 'attempt' || key === 'lease')).map(String),
  )
  expect(offers.size).toBe(2)
})

test('a log is complete even if its chunks arrive at different servers', async () => {
  const host = await farm().wireHost('mips')
  const build = await farm().push()
  const offer = await host.job(1)
  const texts = Array.from({ length: 20 }, (_, number) => `line ${number}\n`)
  let offset = 0
  for (const [number, text] of texts.entries()) {
    const answer = await (number % 2 === 0 ? host : atOther(host)).progress(offer, text, { offset })
    expect(answer.code).toBe(0)
    offset += text.length
  }
  expect((await atOther(host).finish(offer, texts.join(''))).code).toBe(0)
  expect((await (await build.job('mips')).log()).toString()).toBe(texts.join(''))
})

test('after one server rejects a log, the host sends the log again to the other server', async () => {
  const host = await farm().wireHost('pdp')
  await farm().push()
  const offer = await host.job(1)
  await host.progress(offer, 'wrong')
  await atOther(host).progress(offer, '!', { offset: 5 })
  expect(await host.finish(offer, 'right.')).toMatchObject({ code: 409, lines: [['size', '0']] })
  expect(await atOther(host).progress(offer, 'right.')).toMatchObject({ code: 0 })
  expect(await host.finish(offer, 'right.')).toMatchObject({ code: 0 })
})

test('if one server receives a cancel, the next answer of the other server contains the cancel', async () => {
  const host = await farm().wireHost('sparc')
  const build = await farm().push()
  const offer = await host.job(1)
  await atOther(host).progress(offer, 'running\n')
  await (await build.job('sparc')).cancel()
  // Redis sends the cancel to the other server at once. Without Redis, that server would see it about 2 s later.
  const told = async () => (await atOther(host).progress(offer, '', { offset: 8 })).lines
  await eventually(
    'the cancel',
    async () => (await told()).some(line => line.join(' ') === 'cancel cancelled') || undefined,
    1_500,
  )
})

test('a server rejects messages about a job that the other server has finished', async () => {
  const host = await farm().wireHost('hppa')
  await farm().push()
  const offer = await host.job(1)
  await atOther(host).progress(offer, 'x')
  await host.finish(offer, 'x')
  const late = await eventually('the end at the other server', async () => {
    const answer = await atOther(host).progress(offer, '', { offset: 1 })
    return answer.code === 410 ? answer : undefined
  })
  expect(late.text).toMatch(/^the lease is lost/)
})

test('a server rejects a host that an administrator has removed at the other server', async () => {
  const host = await farm().wireHost('alpha64')
  await farm().push()
  const offer = await host.job(1)
  await atOther(host).progress(offer, 'x')
  await farm().api().delete('/api/v1/hosts/alpha64')
  const begun = Date.now()
  expect(await host.progress(offer, '', { offset: 1 })).toMatchObject({ code: 401 })
  const late = await eventually('the refusal', async () => {
    const answer = await atOther(host).finish(offer, 'x')
    return answer.code === 401 ? answer : undefined
  })
  expect(late.text).toMatch(/^this credential is not known/)
  expect(Date.now() - begun).toBeLessThan(4_000) // faster than the cache of credentials, which lasts 5 s
  expect(await atOther(host).hello(['amd64'])).toMatchObject({ code: 401 })
})

test('if either server renews a lease, the lease stays valid; if no server renews a lease, it expires', async () => {
  const [host, silent] = [await farm().wireHost('m68k'), await farm().wireHost('sh3')]
  const build = await farm().push('', 'brief')
  const offer = await host.job(1)
  await silent.job(1)
  const forgotten = await build.job('sh3')
  let turn = 0
  await eventually('the end of the silent lease', async () => {
    const answer = await (turn++ % 2 === 0 ? host : atOther(host)).progress(offer, '')
    expect(answer.code).toBe(0)
    return (await forgotten.view()).attempts.at(-1)?.reason === 'lease-expired' || undefined
  })
  const { attempts, state } = await (await build.job('m68k')).view()
  expect([attempts.length, state]).toEqual([1, 'running'])
})

farmTest('without Redis, servers wake each other through PostgreSQL', { queues: 'postgres' }, async farm => {
  const other = await farm.another()
  const host = await farm.wireHost('vax')
  const waiting = at(other, host).job(1)
  const build = await farm.push()
  await build.prepared()
  const ready = Date.now()
  const offer = await waiting
  expect(Date.now() - ready).toBeLessThan(5_000) // without a wake-up, the reconcile task would take 10 s

  await at(other, host).progress(offer, 'running\n')
  await (await build.job('vax')).cancel()
  const told = async () => (await at(other, host).progress(offer, '', { offset: 8 })).lines
  await eventually(
    'the cancel',
    async () => (await told()).some(line => line.join(' ') === 'cancel cancelled') || undefined,
    1_500,
  )
})

farmTest(
  'a stopping server ends long polls and live pages, and the hosts go on at the other server',
  {},
  async farm => {
    const other = await farm.another()
    const host = await farm.wireHost('vax')
    const live = await fetch(`${farm.url}/events?since=${Date.now()}`)
    const seen = async () =>
      String((await farm.sql<{ at: Date }>('SELECT "lastSeenAt"::text AS at FROM "Host"'))[0]?.at)
    const before = await seen()
    const waiting = host.claim(1, { wait: 40 })
    await eventually('the claim', async () => (await seen()) !== before || undefined)
    const [answer, events] = await Promise.all([waiting, live.text(), farm.stop()])
    expect([answer.code, answer.lines]).toEqual([0, [['none', '0']]])
    expect(events).toContain('event: alive')
    const build = await farm.trigger(farm.repository('sample').commit({ 'job.sh': '' }), 'sample', other.url)
    const offer = await at(other, host).job(2)
    expect((await at(other, host).finish(offer)).code).toBe(0)
    expect(await farm.api(other.url).get(`/api/v1/builds/${build.id}`)).toMatchObject({ id: build.id })
  },
)

for (const minutes of [2, -2]) {
  farmTest(
    `a server whose clock is wrong by ${minutes} minutes ends no lease, and hosts can use it`,
    {
      environment: { LEASE_SECONDS: '10', SILENT_SECONDS: '20' },
      projects: { sample: scriptProject({ limits: { 'lost-after': '1s' } }) },
    },
    async farm => {
      const wrong = await farm.another({ TEST_CLOCK_AHEAD_MS: String(minutes * 60_000) })
      const [host, other] = [await farm.wireHost('vax'), at(wrong, await farm.wireHost('sun'))]
      const build = await farm.push()
      const [offer, offerOfOther] = [await host.job(1), await other.job(1)]
      await wrong.said('that its clock is wrong', ({ msg }) =>
        /is 120 s (ahead of|behind) the clock/.test(msg) ? msg : undefined,
      )
      const started = Date.now()
      while (Date.now() - started < 6_000) {
        await host.progress(offer, '')
        await other.progress(offerOfOther, '')
        await new Promise(resolve => setTimeout(resolve, 500))
      }
      for (const [name, at] of [
        ['vax', farm.url],
        ['sun', wrong.url],
      ] as const) {
        const { attempts, state } = await (await build.job(name)).view()
        expect([at, attempts.length, state]).toEqual([at, 1, 'running'])
      }
      const hosts = await farm.api(wrong.url).get<{ items: { name: string; presence: string }[] }>('/api/v1/hosts')
      expect(hosts.items.map(({ presence }) => presence)).toEqual(['online', 'online'])
    },
  )
}

farmTest('a server with another FARM_SECRET does not start beside the others', {}, async farm => {
  const refused = await farm.another({ FARM_SECRET: 'another secret of this machine' }).catch((error: Error) => error)
  expect(String(refused)).toMatch(/cannot run beside the others: its FARM_SECRET is not that of/)
})
