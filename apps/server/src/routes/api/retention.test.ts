import { expect } from 'vitest'
import { adminToken, serverTest, type TestServer } from '../../server.fixture.ts'

const bearer = { authorization: `Bearer ${adminToken}` }
const day = 86_400
const keep = { logsDays: 90, failedLogsDays: 90, artifactsDays: 30, failedArtifactsDays: 30, lastPerCell: 1 }

/** Passed builds of one cell, so that the older ones can expire. */
async function twoBuilds(server: TestServer, kept: object = keep, more = ['Second']): Promise<void> {
  await server.configure({ artifacts: ['*'], keep: { ...keep, ...kept } })
  const vax = await server.host('vax')
  const { repository } = server
  for (const commit of [repository.git('rev-parse', 'HEAD'), ...more.map(subject => repository.commit(subject))]) {
    const build = await server.build(commit)
    const { jobs = [] } = (await server.farm.builds.find(build)) ?? {}
    const offer = await vax.take(`${jobs[0]?.id}.1`)
    await vax.say(offer, 'hello\n')
    await vax.end(offer, { log: 'hello\n', exits: [0, 0], artifacts: { 'a.txt': Buffer.from('12345') } })
  }
  await server.sql('DELETE FROM "Examination"')
  await expire(server)
}

async function expire({ farm }: TestServer): Promise<void> {
  for (const of of await farm.retention.projects()) {
    while (await farm.retention.expireBuilds(of));
    while (await farm.retention.expireFiles(of));
  }
  while (await farm.retention.deleteFiles());
}

const answer = async (server: TestServer, url: string) => {
  const { statusCode, body } = await server.ask(url)
  const { type, detail } = body.startsWith('{') ? JSON.parse(body) : { type: undefined, detail: body }
  return [statusCode, type?.split(':').at(-1), detail]
}

serverTest('the API and the page of a job say when its log and its artifacts expired', async ({ server }) => {
  await twoBuilds(server)
  server.wait(91 * day)
  await expire(server)

  const log = 'the log of attempt 1.1 expired on 2024-08-05 (kept 90 days)'
  for (const path of ['log', 'attempts/1/log', 'log/lines', 'log/search?find=x'])
    expect(await answer(server, `/api/v1/jobs/1/${path}`)).toEqual([410, 'log-expired', log])
  const file = 'a.txt of attempt 1.1 expired on 2024-08-05 (kept 30 days)'
  expect(await answer(server, '/api/v1/jobs/1/artifacts/a.txt')).toEqual([410, 'artifact-expired', file])
  expect((await server.ask('/api/v1/jobs/2/log')).body).toBe('hello\n')
  expect((await server.ask('/api/v1/jobs/1')).json().attempts[0]).toMatchObject({
    logBytes: 6,
    logExpired: { at: '2024-08-05T07:08:09.000Z', keptDays: 90 },
    artifactsExpired: { keptDays: 30 },
  })
  const page = (await server.ask('/jobs/1')).body
  expect(page).toMatch(
    /The log expired on <time datetime="2024-08-05T07:08:09.000Z">2024-08-05<\/time> \(kept 90 days\)/,
  )
  expect(page).toContain('The content of the artifacts expired on')
  expect(page).toContain('a.txt')
  expect(page).not.toMatch(/href="[^"]*artifacts\/a.txt"/)
  expect((await server.ask('/jobs/2')).body).not.toContain('expired')
})

serverTest('the API and the pages say when a build expired', async ({ server }) => {
  await twoBuilds(server, { buildsDays: 100 }, ['Second', 'Third'])
  server.wait(101 * day)
  await expire(server)
  const words = (what: string) => [410, 'expired', `${what} expired on 2024-08-15 (kept 100 days)`]
  expect(await answer(server, '/api/v1/builds/2')).toEqual(words('build 2'))
  expect(await answer(server, '/api/v1/jobs/2')).toEqual(words('job 2'))
  for (const path of ['log', 'tests', 'comparison', 'failure', 'expectation', 'attempts/1/tests'])
    expect([path, ...(await answer(server, `/api/v1/jobs/2/${path}`))]).toEqual([path, ...words('job 2')])
  for (const path of ['tests', 'traits', 'failures', 'changes'])
    expect([path, ...(await answer(server, `/api/v1/builds/2/${path}`))]).toEqual([path, ...words('build 2')])
  const pages = ['/builds/2', '/builds/2/tests', '/builds/2/retry', '/jobs/2', '/jobs/2/attempts/1', '/jobs/2/retry']
  for (const path of [
    ...pages,
    '/jobs/2/tests',
    '/jobs/2/attempts/1/tests',
    '/jobs/2/compare',
    '/jobs/3/compare?with=2',
  ]) {
    const { statusCode, body } = await server.ask(path)
    expect([path, statusCode]).toEqual([path, 410])
    expect(body).toContain('expired on 2024-08-15 (kept 100 days). The farm has deleted it')
  }
  expect((await server.ask('/builds/1')).statusCode).toBe(200) // the cell has passed since this build
  expect((await server.ask('/builds/4')).statusCode).toBe(404)
})

serverTest('administrators see what would expire, with the present or with another `keep`', async ({ server }) => {
  await twoBuilds(server)
  server.wait(day * 95)
  const url = '/api/v1/projects/sample/retention'
  expect((await server.ask(url)).statusCode).toBe(401)
  const preview = async (query = '') => (await server.ask({ url: `${url}${query}`, headers: bearer })).json()
  const both = { logs: 1, logBytes: 6, artifacts: 1, artifactBytes: 5 }
  expect(await preview()).toMatchObject({ project: 'sample', keep, waitsUntil: null, ...both, builds: 0, next: null })
  expect(await preview('?logs=90d&last=0')).toMatchObject({ ...both, artifacts: 0, artifactBytes: 0 })
  expect(await preview('?builds=90d&last=1')).toMatchObject({ ...both, builds: 0, jobs: 0 })
  expect(await preview('?logs=2y')).toMatchObject({ logs: 0, looked: 0 })
  expect((await preview('?logs=soon')).detail).toBeDefined()
  expect((await server.ask({ url: '/api/v1/projects/x/retention', headers: bearer })).statusCode).toBe(404)
  await server.configure({ keep: { ...keep, logsDays: 10 } })
  expect((await preview()).waitsUntil).toBe('2024-08-10T07:08:09.000Z')
})

serverTest('the page of what expires is only for administrators', async ({ server }) => {
  await twoBuilds(server)
  server.wait(day * 95)
  expect((await server.ask('/retention')).statusCode).toBe(404)
  const link: string = (await server.post('/api/v1/login-links')).json().url
  const login = await server.farm.access.logIn(link.split('/').at(-1) ?? '')
  const headers = { cookie: `rumpfarm_session=${login.kind === 'logged-in' ? login.session : ''}` }
  const page = async (url: string) => (await server.ask({ url, headers })).body.replace(/\s+/g, ' ')
  expect(await page('/retention')).toMatch(/<td>90 days<\/td>.*<td>30 days<\/td>.*<td>all<\/td>.*the last 1 stay/)
  expect(await page('/retention?project=sample')).toMatch(
    /Logs: 1, 6 B.*Artifacts: 1 files, 5 B.*Builds: 0 with 0 jobs/,
  )
  expect((await server.ask({ url: '/retention?project=x', headers })).statusCode).toBe(404)
})
