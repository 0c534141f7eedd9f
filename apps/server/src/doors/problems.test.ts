import { readFileSync } from 'node:fs'
import { openFarm } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { adminToken, doorsTest } from './doors.fixture.ts'
import { problemKinds } from './problems.ts'
import { requestsPerMinuteMax } from './results/rates.ts'

const page = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8')

test('the table of docs/api.md has exactly the problems that there are', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| .+ \|$/gm)].map(([, kind, status]) => [
    kind,
    Number(status),
  ])
  const kinds = Object.entries(problemKinds).map(([kind, [status]]) => [kind, status])
  expect(rows.sort()).toEqual(kinds.sort())
})

doorsTest('without its database the farm says so, and when to come back', async ({ doors }) => {
  const nowhere = openFarm({
    databaseUrl: 'postgresql://farm@127.0.0.1:1/farm',
    logsDirectory: '/nonexistent',
    secret: 'x'.repeat(32),
  })
  const app = await doors.open({ farm: nowhere })
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
      title: 'The farm cannot answer now',
    })
    expect(answer.body).not.toMatch(/prisma|127\.0\.0\.1|at .*\.ts/i)
  }
})

doorsTest("a defect is said to be one, without the server's insides", async ({ doors }) => {
  const findBuild = () => Promise.reject(new Error('secret inside'))
  const app = await doors.open({ farm: { ...doors.farm, findBuild } })
  const answer = await app.inject('/api/v1/builds/1')
  await app.close()

  expect(answer.json()).toMatchObject({
    status: 500,
    type: 'urn:rumpfarm:problem:defect',
    instance: '/api/v1/builds/1',
  })
  expect(answer.body).not.toContain('secret')
})

doorsTest('one address cannot take the API away from others', async ({ doors }) => {
  // A question that is wrong costs the least.
  const ask = (remoteAddress: string) => doors.ask({ url: '/api/v1/builds/x', remoteAddress })
  for (let times = 0; times < requestsPerMinuteMax; times++) expect((await ask('192.0.2.1')).statusCode).toBe(400)
  const late = await ask('192.0.2.1')

  expect(late.statusCode).toBe(429)
  expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
  expect(late.json()).toMatchObject({ type: 'urn:rumpfarm:problem:too-many-requests' })
  expect((await ask('192.0.2.2')).statusCode).toBe(400)
  expect((await ask('127.0.0.1')).statusCode).toBe(400)
})
