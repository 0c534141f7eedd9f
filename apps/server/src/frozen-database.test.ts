import { openFarm } from '@rumpfarm/farm'
import { expect } from 'vitest'
import { freezablePostgres } from '../../../test/support/freezable-postgres.ts'
import { localBus, topics } from './events/bus.ts'
import { adminToken, lockCells, serverTest } from './server.fixture.ts'

const pages = ['/', '/?project=sample', '/builds', '/builds/1', '/jobs/1', '/hosts', '/hosts/vax', '/projects/sample']
const reads = [
  'projects',
  'projects/sample',
  'builds',
  'builds/1',
  'jobs',
  'jobs/1',
  'jobs/1/log',
  'jobs/1/attempts/1/log',
  'jobs/1/artifacts/x',
  'hosts',
  'hosts/vax',
  'matrix',
  'matrix?project=sample',
  'tokens',
].map(path => `/api/v1/${path}`)

serverTest(
  'while PostgreSQL does not respond, every GET request is answered within 5 s, and hosts later',
  async ({ server }) => {
    await server.configure()
    const { credential } = await server.host('vax')
    await server.build()
    const postgres = await freezablePostgres(server.databaseUrl)
    const { config } = server
    const options = { databaseUrl: postgres.url, logsDirectory: config.dataDirectory, secret: config.secrets.server }
    const farm = openFarm({ ...options, now: () => new Date('2024-05-06T07:08:09Z') })
    const bus = localBus()
    const app = await server.open({ farm, bus })
    const link: string = (await server.post('/api/v1/login-links')).json().url
    const session = await server.farm.access.logIn(link.split('/').at(-1) ?? '')
    const cookie = session.kind === 'logged-in' ? `rumpfarm_session=${session.session}` : ''
    const wanted = [
      ...pages.map(url => ({ url, headers: {} })),
      ...pages.map(url => ({ url, headers: { cookie } })),
      ...reads.map(url => ({ url, headers: { authorization: `Bearer ${adminToken}` } })),
      { url: '/readyz', headers: {} },
    ]
    for (const request of wanted)
      expect([request.url, (await app.inject(request)).statusCode < 500]).toEqual([request.url, true])
    void postgres.freeze()
    bus.publish(topics.matrix) // otherwise the server answers for a second with the matrix page that it remembers

    const begun = Date.now()
    const bye = app.inject({
      ...{ method: 'POST', url: '/agent/v1/bye?instance=vax-2' },
      headers: { authorization: `Bearer ${credential}` },
    })
    const change = app.inject({
      ...{ method: 'POST', url: '/api/v1/hosts/vax/pause' },
      headers: { authorization: `Bearer ${adminToken}` },
    })
    const answers = await Promise.all(
      wanted.map(async request => {
        const { statusCode, headers, body } = await app.inject(request)
        expect(body).not.toMatch(/127\.0\.0\.1:\d|\.s\.PGSQL|ECONN/)
        return { ...request, statusCode, retry: headers['retry-after'], seconds: (Date.now() - begun) / 1000 }
      }),
    )
    // Some requests wait only for other queries of this address: 429.
    for (const { url, statusCode, retry } of answers)
      expect([url, [429, 503].includes(statusCode) || statusCode, retry]).toEqual([url, true, expect.any(String)])
    // Each query ends at its limit after 4.5 s. Without a limit, it would wait for ever.
    for (const { url, seconds } of answers) expect([url, seconds < 25]).toEqual([url, true])
    expect((await bye).body).toBe('err 503 the database of the farm does not answer\nretry 5\nend\n')
    expect((await change).json()).toMatchObject({ status: 503, type: 'urn:rumpfarm:problem:unavailable' })
    expect(Date.now() - begun).toBeLessThan(50_000) // 10.5 s on a machine that is not busy
    await app.close()
    await postgres.close()
    await farm.close()
  },
)

serverTest('while other queries wait, the readiness check and a new login link succeed', async ({ server }) => {
  const lock = await lockCells(server)
  const readers = Array.from({ length: 20 }, () => server.ask('/api/v1/matrix'))
  const ready = await server.ask('/readyz')
  const link = await server.post('/api/v1/login-links')
  await Promise.all(readers)
  await lock.end()

  expect([ready.statusCode, ready.body]).toEqual([200, '{"status":"ok"}'])
  expect(link.statusCode).toBe(201)
})
