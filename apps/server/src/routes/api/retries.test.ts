import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'

/** A build on two hosts that fails on one of them. */
async function halfFailed(server: TestServer) {
  await server.configure()
  const [alpha, vax] = [await server.host('alpha'), await server.host('vax')]
  await server.build()
  await alpha.end(await alpha.take('1.1'), { exits: [0, 2] })
  await vax.end(await vax.take('2.1'))
}

serverTest('a token that starts builds can run the failed jobs of a build again', async ({ server }) => {
  await halfFailed(server)
  const { token } = (await server.post('/api/v1/tokens', { name: 'ci', scope: 'trigger' })).json()
  const headers = { authorization: `Bearer ${token}` }
  const retry = (payload?: object) => server.post('/api/v1/builds/1/retry', payload, headers)
  const hosts = [{ host: 'alpha', jobs: 1 }]
  const planned = await retry({ which: 'failed', dryRun: true })
  expect([planned.statusCode, planned.json()]).toEqual([200, { jobs: 1, hosts, attempts: [], open: 0, refused: [] }])

  expect((await retry()).json()).toEqual({ jobs: 1, hosts, attempts: ['1.2'], open: 0, refused: [] })
  expect((await retry()).json()).toMatchObject({ jobs: 0, open: 1 })
  expect((await retry({ which: 'all' })).json()).toMatchObject({ jobs: 1, attempts: ['2.2'] })
  const wrong = await retry({ which: 'red' })
  expect([wrong.statusCode, wrong.json().errors[0].where]).toEqual([400, '/body/which'])
})

serverTest('a repeated request with the same Idempotency-Key does nothing again', async ({ server }) => {
  await halfFailed(server)
  const send = (url: string, key: string, payload = {}) => server.post(url, payload, { 'idempotency-key': key })
  const first = await send('/api/v1/jobs/1/retry', 'one')
  expect([first.statusCode, first.json()]).toEqual([201, { attempt: '1.2' }])
  const cancelled = await send('/api/v1/jobs/1/cancel', 'two')
  expect(cancelled.json()).toEqual({ attempts: 1 })

  const again = await send('/api/v1/jobs/1/retry', 'one')
  expect([again.statusCode, again.json()], 'without the key, attempt 1.3 would begin').toEqual([
    201,
    { attempt: '1.2' },
  ])
  expect((await server.post('/api/v1/jobs/1/retry')).json()).toEqual({ attempt: '1.3' })
  expect((await send('/api/v1/jobs/1/cancel', 'two')).json()).toEqual({ attempts: 1 })
  expect((await server.ask('/api/v1/jobs/1')).json().state, 'attempt 1.3 still waits').toBe('queued')

  for (const [url, payload] of [
    ['/api/v1/jobs/2/retry', {}],
    ['/api/v1/builds/1/retry', { which: 'lost' }],
  ] as const) {
    const other = await send(url, 'one', payload)
    expect([other.statusCode, other.json().type]).toEqual([422, 'urn:rumpfarm:problem:key-used-before'])
  }
  const refused = await send('/api/v1/jobs/99/retry', 'three')
  expect(refused.statusCode).toBe(404)
  expect((await send('/api/v1/jobs/2/retry', 'three')).statusCode, 'a refused request leaves its key free').toBe(201)
  server.wait(86_401)
  expect((await send('/api/v1/builds/1/cancel', 'one')).statusCode, 'the farm forgets a key after a day').toBe(200)
})

serverTest('the lost jobs of a project run again, and an unknown project is an error', async ({ server }) => {
  await halfFailed(server)
  await server.sql(`UPDATE "FinishedAttempt" SET "verdict" = 'lost' WHERE "jobId" = 1`)
  const unknown = await server.post('/api/v1/jobs/retry-lost', { project: 'smaple' })
  expect([unknown.statusCode, unknown.json().type]).toEqual([404, 'urn:rumpfarm:problem:unknown-project'])
  const lost = await server.post('/api/v1/jobs/retry-lost', { project: 'sample' })
  expect(lost.json()).toMatchObject({ jobs: 1, attempts: ['1.2'] })
})
