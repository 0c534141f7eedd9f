import { readFileSync } from 'node:fs'
import { cksum } from '@rumpfarm/contracts'
import { isGivenUp, openFarm, type ProgressOutcome, untilAborted } from '@rumpfarm/farm'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { eventually } from '../../../../test/support/waiting.ts'
import { healthPlugin } from '../routes/health.ts'
import { adminToken, lockCells, serverTest, type TestHost } from '../server.fixture.ts'
import { problemKinds, storageFull } from './problems.ts'

const page = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8')

test('the table in docs/api.md lists exactly the kinds of problems', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| .+ \|$/gm)].map(([, kind, status]) => [
    kind,
    Number(status),
  ])
  const kinds = Object.entries(problemKinds).map(([kind, [status]]) => [kind, status])
  expect(rows.sort()).toEqual(kinds.sort())
})

serverTest('a farm without its database answers 503, and says when to try again', async ({ server }) => {
  const nowhere = openFarm({
    databaseUrl: 'postgresql://farm@127.0.0.1:1/farm',
    logsDirectory: '/nonexistent',
    secret: 'x'.repeat(32),
  })
  const app = await server.open({ farm: nowhere })
  const answers = [
    await app.inject('/api/v1/builds'),
    await app.inject('/api/v1/matrix'),
    await app.inject({
      method: 'POST',
      url: '/api/v1/login-links',
      headers: { authorization: `Bearer ${adminToken}` },
    }),
  ]
  await app.close()
  await nowhere.close()

  for (const answer of answers) {
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['retry-after']).toBe('5')
    expect(answer.json()).toMatchObject({
      type: 'urn:rumpfarm:problem:unavailable',
      title: 'The farm is not available',
    })
    expect(answer.body).not.toMatch(/prisma|127\.0\.0\.1|at .*\.ts/i)
  }
})

serverTest('the server reports an internal error without internal details', async ({ server }) => {
  const findBuild = () => Promise.reject(new Error('secret inside'))
  const app = await server.open({ farm: { ...server.farm, builds: { ...server.farm.builds, find: findBuild } } })
  const answer = await app.inject('/api/v1/builds/1')
  await app.close()

  expect(answer.json()).toMatchObject({
    status: 500,
    type: 'urn:rumpfarm:problem:defect',
    instance: '/api/v1/builds/1',
  })
  expect(answer.body).not.toContain('secret')
})

serverTest('the API and the readiness check report a full disk', async ({ server }) => {
  const full = Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' })
  const app = await server.open({
    farm: { ...server.farm, access: { ...server.farm.access, createLoginLink: () => Promise.reject(full) } },
  })
  const headers = { authorization: `Bearer ${adminToken}` }
  const answer = await app.inject({ method: 'POST', url: '/api/v1/login-links', headers })
  await app.close()
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([507, '60'])
  expect(answer.json()).toMatchObject({ type: 'urn:rumpfarm:problem:storage-full', detail: storageFull })

  const ready = async (dataDirectory: string, farm = server.farm, pingRedis?: () => Promise<unknown>) => {
    const health = Fastify()
    await health.register(healthPlugin({ farm, config: { ...server.config, dataDirectory }, pingRedis }))
    const { statusCode, body } = await health.inject('/readyz')
    await health.close()
    return { statusCode, body }
  }
  expect(await ready(server.config.dataDirectory)).toEqual({ statusCode: 200, body: '{"status":"ok"}' })
  // The file system /proc has no free bytes.
  expect(await ready('/proc')).toMatchObject({ statusCode: 507, body: expect.stringContaining('has 0 MB free') })
  expect(await ready('/nowhere')).toMatchObject({ statusCode: 503, body: expect.stringContaining('cannot be written') })
  expect(await ready('/nowhere')).toMatchObject({ body: expect.not.stringContaining('nowhere') })
  const ping = () => Promise.reject(new Error('connect ECONNREFUSED 10.1.2.3:5432'))
  const away = await ready(server.config.dataDirectory, { ...server.farm, ping })
  expect(away).toMatchObject({ statusCode: 503, body: expect.not.stringContaining('10.1.2.3') })
  const withoutRedis = await ready(server.config.dataDirectory, server.farm, ping)
  expect(withoutRedis).toMatchObject({ statusCode: 200, body: expect.stringContaining('Redis does not answer') })
  expect(withoutRedis.body).not.toContain('10.1.2.3')
  const isReplicaUsable = () => Promise.resolve(false)
  const lateReplica = await ready(server.config.dataDirectory, { ...server.farm, isReplicaUsable })
  expect(lateReplica).toMatchObject({
    statusCode: 200,
    body: expect.stringContaining('replica of the database is late'),
  })
})

serverTest(
  'pages and answers to agents report a full disk, and the farm works again when the disk has space',
  async ({ server }) => {
    await server.configure()
    const vax = await server.host('vax')
    const id = await server.build()
    const offer = await vax.take('1.1')
    let full: Error | undefined
    const orFull = async <Result>(act: () => Promise<Result>) => {
      if (full) throw full
      return act()
    }
    let notStored: ProgressOutcome | undefined
    const { builds, attempts } = server.farm
    const app = await server.open({
      farm: {
        ...server.farm,
        builds: { ...builds, find: id => orFull(() => builds.find(id)) },
        attempts: {
          ...attempts,
          recordProgress: async chunk => notStored ?? orFull(() => attempts.recordProgress(chunk)),
        },
      },
    })
    const page = () => app.inject(`/builds/${id}`)
    const chunk = () =>
      app.inject({
        method: 'POST',
        url: `/agent/v1/attempts/1.1/progress?lease=${encodeURIComponent(offer.lease)}&offset=0&len=0&sum=crc:${cksum(Buffer.alloc(0))}`,
        headers: { authorization: `Bearer ${vax.credential}` },
        payload: '',
      })
    for (const code of ['ENOSPC', 'EDQUOT', '53100']) {
      full = Object.assign(new Error('could not extend file "base/5/2619"'), { code })
      const told = await page()
      expect([code, told.statusCode, told.headers['content-type']]).toEqual([code, 507, 'text/html; charset=utf-8'])
      expect(told.body).toContain(
        'The disk of the farm is full, and nothing was stored: the operator must free some space.',
      )
      expect(told.body).not.toContain('2619')
      expect((await chunk()).body).toBe('err 503 the disk of the farm is full\nretry 30\nend\n')
      notStored = { kind: 'not-stored', cause: full, cancel: 'cancelled' }
      expect((await chunk()).body).toBe('err 503 the disk of the farm is full\nretry 30\ncancel cancelled\nend\n')
      notStored = undefined
    }
    full = undefined
    expect((await page()).statusCode).toBe(200)
    expect((await chunk()).body).toMatch(/^ok\nsize 0\n/)
    await app.close()
  },
)

serverTest(
  'the server cancels a query that a lock blocks for too long, and hosts do not wait for the query',
  async ({ server }) => {
    await server.configure()
    const hosts = [await server.host('vax'), await server.host('sun')] as const
    await server.build()
    const jobMs = async (host: TestHost, attempt: string) => {
      const begun = Date.now()
      await host.say(await host.take(attempt), 'a line\n')
      return Date.now() - begun
    }
    const freely = await jobMs(hosts[0], '2.1')
    const lock = await lockCells(server)

    const readers = Array.from({ length: 12 }, () => server.ask('/api/v1/matrix'))
    // A host that waits for a query waits for 3 s. A busy machine is slower for both hosts.
    expect(await jobMs(hosts[1], '1.1')).toBeLessThan(1_500 + 5 * freely)
    for (const answer of await Promise.all(readers)) {
      // Some readers wait only for other queries of this address.
      const [retry, kind] = answer.statusCode === 429 ? ['2', 'too-many-requests'] : ['10', 'took-too-long']
      expect(answer.json().type).toBe(`urn:rumpfarm:problem:${kind}`)
      expect(answer.headers['retry-after']).toBe(retry)
    }
    await lock.end()
    expect((await server.ask('/api/v1/matrix')).statusCode).toBe(200)
  },
)

serverTest('when a client closes its connection, the database query of its request ends', async ({ server }) => {
  const lock = await lockCells(server)
  // Queries over another connection, because pg_stat_activity does not change within a transaction.
  const waiting = async () =>
    (await server.sql(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`))
      .length
  const gone = new AbortController()
  const query = untilAborted(gone.signal, () => server.farm.matrix.load()).catch((error: Error) => error)
  await eventually('the query waits', async () => ((await waiting()) > 0 ? true : undefined))
  const begun = Date.now()
  gone.abort()

  expect(isGivenUp(await query)).toBe(true)
  expect(Date.now() - begun).toBeLessThan(8_000) // by its own limit, the query ends after 10 s
  expect(await waiting()).toBe(0)
  await lock.end()
})
