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

serverTest('the lost jobs of a project run again, and an unknown project is an error', async ({ server }) => {
  await halfFailed(server)
  await server.sql(`UPDATE "Attempt" SET "verdict" = 'lost' WHERE "jobId" = 1`)
  const unknown = await server.post('/api/v1/jobs/retry-lost', { project: 'smaple' })
  expect([unknown.statusCode, unknown.json().type]).toEqual([404, 'urn:rumpfarm:problem:unknown-project'])
  const lost = await server.post('/api/v1/jobs/retry-lost', { project: 'sample' })
  expect(lost.json()).toMatchObject({ jobs: 1, attempts: ['1.2'] })
})
