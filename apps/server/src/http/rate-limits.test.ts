import type { FastifyInstance, InjectOptions } from 'fastify'
import { expect, test } from 'vitest'
import { serverTest } from '../server.fixture.ts'
import { networkOf, rareRequestsPerMinuteMax, requestsPerMinuteMax } from './rate-limits.ts'

const html = 'text/html; charset=utf-8'
const problem = 'application/problem+json'
const text = 'text/plain; charset=utf-8'
const wrongCredential = { headers: { authorization: 'Bearer rfh-wrong' } }

const audiences = [
  ['pages', { url: '/robots.txt' }, { url: '/nothing' }, requestsPerMinuteMax, html],
  ['the API', { url: '/api/v1/builds/x' }, { url: '/api/nothing' }, requestsPerMinuteMax, problem],
  ['webhooks', { method: 'POST', url: '/webhooks/github' }, { url: '/webhooks/x' }, requestsPerMinuteMax, problem],
  ['health checks', { url: '/healthz' }, { url: '/readyz' }, requestsPerMinuteMax, problem],
  ['the agent’s script', { url: '/agent.sh' }, { url: '/agent.sh?again' }, requestsPerMinuteMax, text],
  ['signing in', { url: '/login/x' }, { method: 'POST', url: '/logout' }, rareRequestsPerMinuteMax, html],
] as const

const atOnce = 20

async function send(times: number, app: FastifyInstance, request: InjectOptions) {
  for (let left = times; left > 0; left -= atOnce)
    await Promise.all(Array.from({ length: Math.min(left, atOnce) }, () => app.inject(request)))
}

for (const [name, request, unknown, max, type] of audiences)
  serverTest(`${name}: one address may send ${max} requests per minute to all paths together`, async ({ server }) => {
    const ask = (request: InjectOptions, remoteAddress: string) => server.ask({ ...request, remoteAddress })
    await send(max - 1, server.app, { ...request, remoteAddress: '192.0.2.1' })
    expect((await ask(unknown, '192.0.2.1')).statusCode).not.toBe(429)

    for (const one of [request, unknown]) {
      const late = await ask(one, '192.0.2.1')
      expect([late.statusCode, late.headers['content-type']]).toEqual([429, type])
      expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
      expect(late.body).toMatch(new RegExp(`ore than ${max} requests a minute came from this address: wait \\d+ s`))
      expect((await ask(one, '192.0.2.2')).statusCode).not.toBe(429)
      expect((await ask(one, '127.0.0.1')).statusCode).not.toBe(429)
    }
  })

serverTest('one address may try to enrol 60 times per minute', async ({ server }) => {
  const enrol = { method: 'POST', url: '/agent/v1/enroll' } as const
  await send(rareRequestsPerMinuteMax, server.app, { ...enrol, remoteAddress: '192.0.2.1' })
  const late = await server.ask({ ...enrol, remoteAddress: '192.0.2.1' })
  expect(late.body).toMatch(/^err 429 more than 60 requests a minute .*\nretry \d+\n/)
  expect((await server.ask({ ...enrol, remoteAddress: '192.0.2.2' })).body).toMatch(/^err 400 /)
})

serverTest('a host keeps working even if too many wrong credentials come from its address', async ({ server }) => {
  const vax = await server.host('vax')
  const agent = { url: '/agent/v1/agent', remoteAddress: '192.0.2.1' }
  await send(rareRequestsPerMinuteMax - 1, server.app, { ...agent, ...wrongCredential })
  expect((await server.ask({ ...agent, url: '/agent/nothing' })).body).toMatch(/^err 404 /)
  for (const request of [{ ...agent, ...wrongCredential }, agent, { ...agent, url: '/agent/nothing' }]) {
    const late = await server.ask(request)
    expect(late.body).toMatch(/^err 429 more than 60 requests without a known credential .*\nretry \d+\n/)
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
  }

  const right = { headers: { authorization: `Bearer ${vax.credential}` } }
  for (let times = 0; times < 2 * rareRequestsPerMinuteMax; times++)
    expect((await server.ask({ ...agent, ...right })).body).toMatch(/^AGENT_VERSION/)
})

serverTest(
  'on the port for signed requests, one address may send at most 60 requests per minute without a valid signature',
  async ({ server }) => {
    const app = await server.openSigned()
    const unsigned = { url: '/agent/v1/agent', remoteAddress: '192.0.2.1' }
    const forged = { ...unsigned, url: `${unsigned.url}?by=vax&time=1&nonce=r.1&sig=${'0'.repeat(64)}` }
    await send(rareRequestsPerMinuteMax / 2, app, unsigned)
    await send(rareRequestsPerMinuteMax / 2, app, forged)
    for (const request of [unsigned, forged])
      expect((await app.inject(request)).body).toMatch(/^err 429 more than 60 requests without a known credential /)
    expect((await app.inject({ ...forged, remoteAddress: '192.0.2.2' })).body).toMatch(/^err 401 /)
    await app.close()
  },
)

serverTest.for([
  { trustProxy: 1, client: '192.0.2.9, 192.0.2.1', also: '127.0.0.1, 192.0.2.1' },
  { trustProxy: ['10.0.0.0/8'], client: '192.0.2.9, 192.0.2.1, 10.0.0.7', also: '127.0.0.1, 192.0.2.1' },
])(
  'with TRUST_PROXY=$trustProxy, the limit applies to the client address that the proxies report',
  async (row, { server }) => {
    const { trustProxy, client, also } = row
    const app = await server.open({ config: { ...server.config, trustProxy } })
    const ask = (forwarded: string) => ({
      url: '/login/x',
      remoteAddress: '10.0.0.1',
      headers: { 'x-forwarded-for': forwarded },
    })
    await send(rareRequestsPerMinuteMax, app, ask(client))
    const status = async (forwarded: string) => (await app.inject(ask(forwarded))).statusCode
    expect([await status(client), await status(also)]).toEqual([429, 429])
    expect(await status(client.replaceAll('192.0.2.1', '192.0.2.2'))).toBe(200)
    await app.close()
  },
)

serverTest('the limit also applies to requests that an unknown proxy on this machine forwards', async ({ server }) => {
  const local = { url: '/login/x', remoteAddress: '127.0.0.1' }
  await send(rareRequestsPerMinuteMax, server.app, { ...local, headers: { via: 'x' } })
  for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'])
    expect([header, (await server.ask({ ...local, headers: { [header]: 'x' } })).statusCode]).toEqual([header, 429])
  expect((await server.ask(local)).statusCode).toBe(200)
})

test.each([
  ['2001:db8::2', '2001:db8::'],
  ['2001:DB8:0:1:2::', '2001:db8:0:1::'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['192.0.2.1', '192.0.2.1'],
])('the address %s counts as %s', (ip, network) => expect(networkOf(ip)).toBe(network))

serverTest('the rate limit also limits the database queries for wrong session cookies', async ({ server }) => {
  let looked = 0
  const tokenOfSession = async () => void looked++
  const app = await server.open({
    farm: { ...server.farm, access: { ...server.farm.access, findSession: tokenOfSession } },
  })
  const wrong = { url: '/login/x', remoteAddress: '192.0.2.1', cookies: { rumpfarm_session: 'wrong' } }
  await send(rareRequestsPerMinuteMax + 40, app, wrong)
  await app.close()
  expect(looked).toBe(rareRequestsPerMinuteMax)
})
