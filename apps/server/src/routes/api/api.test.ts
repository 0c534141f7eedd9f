import { expect } from 'vitest'
import { adminToken, serverTest, type TestServer } from '../../server.fixture.ts'

const bearer = { authorization: `Bearer ${adminToken}` }

/** Makes three builds. The host vax has run the first two for amd64: the first passed, the second failed at `tests`. */
async function threeBuilds({ configure, host, build, repository }: TestServer) {
  await configure()
  const vax = await host('vax', ['amd64', 'arm'])
  const commits = [repository.git('rev-parse', 'HEAD'), repository.commit('Second'), repository.commit('Third')]
  for (const commit of commits) await build(commit)
  await vax.end(await vax.take('1.1'))
  const failing = await vax.take('3.1')
  await vax.say(failing, 'oh no\n')
  await vax.end(failing, { exits: [0, 2], log: 'oh no\n' })
  return { commits, vax }
}

serverTest('the API lists projects without the passwords in their addresses', async ({ server }) => {
  await server.configure({ repository: 'https://ada:secret@forge.example/x.git' }, { name: 'other' })
  const answer = await server.ask('/api/v1/projects')

  expect(answer.json()).toMatchObject({ items: [{ name: 'other' }, { name: 'sample' }], next: null })
  expect(answer.body).not.toContain('secret')
  const one = (await server.ask('/api/v1/projects/sample')).json()
  expect(one).toMatchObject({ branches: ['main', 'release/*'], env: { COLOUR: 'red' }, limits: { attempts: 2 } })
  expect(one.steps).toEqual([
    { name: 'build', run: 'make' },
    { name: 'tests', run: 'make test' },
  ])
  expect((await server.ask('/api/v1/projects/x')).json()).toMatchObject({ status: 404, known: ['other', 'sample'] })
})

const numbers = ['2147483647', '2147483648', '99999999999999999999999']

serverTest('the API answers 404 for an id that is too large', async ({ server }) => {
  await threeBuilds(server)
  const session = await signIn(server)
  for (const id of numbers) {
    const paths = [`builds/${id}`, `jobs/${id}`, `jobs/${id}/attempts/1`, `jobs/1/attempts/${id}`]
    const rest = ['log', 'artifacts/x'].flatMap(end => [
      `jobs/${id}/${end}`,
      `jobs/${id}/attempts/1/${end}`,
      `jobs/1/attempts/${id}/${end}`,
    ])
    for (const path of [`/builds/${id}`, ...paths.map(path => `/${path}`), ...rest.map(path => `/api/v1/${path}`)])
      expect([path, (await server.ask(path)).statusCode]).toEqual([path, 404])
    for (const path of [`jobs/${id}/cancel`, `jobs/${id}/retry`, `builds/${id}/cancel`, `builds/${id}/retry`])
      expect([path, (await server.post(`/api/v1/${path}`)).statusCode]).toEqual([path, 404])
    for (const path of [
      `/jobs/${id}/cancel`,
      `/jobs/${id}/retry`,
      `/builds/${id}/cancel`,
      `/builds/${id}/again`,
      `/builds/${id}/retry`,
    ])
      expect([path, (await session.press(path)).statusCode]).toEqual([path, 404])
    expect((await server.ask(`/api/v1/jobs?build=${id}`)).json()).toEqual({ items: [], next: null })
  }
})

/** Signs a browser in as an administrator, so that the test can send forms. */
async function signIn({ farm, post, ask }: TestServer) {
  const link: string = (await post('/api/v1/login-links')).json().url
  const login = await farm.access.logIn(link.split('/').at(-1) ?? '')
  if (login.kind !== 'logged-in') throw new Error(login.kind)
  const headers = { cookie: `rumpfarm_session=${login.session}` }
  const csrf = /name="?_csrf"? value="?([^" >]+)/.exec((await ask({ url: '/builds/1', headers })).body)?.[1] ?? ''
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  return {
    press: (url: string) =>
      ask({
        method: 'POST',
        url,
        headers: { ...headers, ...form },
        payload: new URLSearchParams({ _csrf: csrf }).toString(),
      }),
  }
}

serverTest('the API lists builds and jobs page by page, with the newest first', async ({ server }) => {
  const { commits } = await threeBuilds(server)
  const first = await server.ask('/api/v1/builds?project=sample&limit=2')
  const { items, next } = first.json()
  expect(items.map(({ id }: { id: number }) => id)).toEqual([3, 2])
  expect(items[1]).toMatchObject({
    commit: commits[1],
    counts: { failed: 1, queued: 1 },
    createdAt: '2024-05-06T07:08:09.000Z',
  })
  expect(first.headers.link).toBe(`<${next}>; rel="next"`)
  const last = await server.ask(next)
  expect(last.json()).toMatchObject({ items: [{ id: 1, counts: { passed: 1, queued: 1 } }], next: null })
  expect(last.headers.link).toBeUndefined()

  const jobs = async (query: string) =>
    (await server.ask(`/api/v1/jobs?${query}`)).json().items.map(({ id }: { id: number }) => id)
  expect(await jobs('')).toEqual([6, 5, 4, 3, 2, 1])
  expect(await jobs('arch=arm&build=2')).toEqual([4])
  expect(await jobs('status=failed')).toEqual([3])
  expect(await jobs('status=finished&host=vax')).toEqual([3, 1])
  expect(await jobs('status=active&variant=default&project=sample')).toEqual([6, 5, 4, 2])
  expect(await jobs('host=sun')).toEqual([])
  expect(await jobs('host=vax&arch=arm&build=2')).toEqual([4])
  const refused = await server.ask('/api/v1/jobs?host=vax&arch=arm')
  expect(refused.statusCode).toBe(400)
  expect(refused.json().detail).toContain('Use only one of host, arch and variant')
})

serverTest('the API shows all details of a build and a job, with the recipe of the job', async ({ server }) => {
  const { commits } = await threeBuilds(server)
  const build = (await server.ask('/api/v1/builds/2')).json()
  expect(build).toMatchObject({
    commit: commits[1],
    sources: 'ready',
    problem: null,
    pushes: [{ source: 'test', branch: 'main' }],
  })
  expect(build.jobs.map(({ id, verdict }: { id: number; verdict: string }) => [id, verdict])).toEqual([
    [3, 'failed'],
    [4, null],
  ])
  const job = (await server.ask('/api/v1/jobs/3')).json()
  expect(job).toMatchObject({
    verdict: 'failed',
    failedStep: 'tests',
    steps: [
      { name: 'build', exit: 0, milliseconds: 5 },
      { name: 'tests', exit: 2 },
    ],
    recipe: { steps: [{ name: 'build', run: 'make' }, { name: 'tests' }], limits: { wallSeconds: 3600 }, path: null },
    lastGood: { buildId: 1, commit: commits[0], at: '2024-05-06T07:08:09.000Z' },
    attempts: [{ attempt: '3.1', reason: 'exit', logBytes: 6, cancelRequestedAt: null }],
  })
})

serverTest('an administrator can run a finished job again and cancel a running job', async ({ server }) => {
  const { vax } = await threeBuilds(server)
  const retry = (id: number) => server.post(`/api/v1/jobs/${id}/retry`)
  const again = await retry(3)
  expect([again.statusCode, again.json()]).toEqual([201, { attempt: '3.2' }])
  const early = await retry(3)
  expect([early.statusCode, early.json().type]).toEqual([409, 'urn:rumpfarm:problem:not-finished'])

  await vax.take('3.2')
  expect((await server.post('/api/v1/jobs/3/cancel')).json()).toEqual({ attempts: 1 })
  expect((await server.ask('/api/v1/jobs/3')).json().attempts[0].cancelRequestedAt).toBe('2024-05-06T07:08:09.000Z')
  expect((await server.post('/api/v1/builds/3/cancel')).json()).toEqual({ attempts: 2 })
  expect((await server.post('/api/v1/builds/3/cancel')).json()).toEqual({ attempts: 0 })
  expect((await server.ask('/api/v1/builds/3')).json().counts).toEqual({ cancelled: 2 })

  await server.ask({ method: 'DELETE', url: '/api/v1/hosts/vax', headers: bearer })
  const gone = await retry(5)
  expect([gone.statusCode, gone.json().detail]).toEqual([409, 'job 5 cannot run again: host vax has left the farm'])
})

serverTest('an administrator can list, pause, resume, invite and remove hosts', async ({ server }) => {
  for (const name of ['alpha', 'sun', 'vax']) await server.host(name)
  const { items, next } = (await server.ask('/api/v1/hosts?limit=2')).json()
  expect(items).toMatchObject([{ name: 'alpha', system: 'NetBSD 5.1 vax', presence: 'online' }, { name: 'sun' }])
  expect((await server.ask(next)).json()).toMatchObject({ items: [{ name: 'vax' }], next: null })

  const paused = (await server.post('/api/v1/hosts/vax/pause')).json()
  expect(paused).toMatchObject({ presence: 'paused', pausedAt: '2024-05-06T07:08:09.000Z' })
  expect((await server.post('/api/v1/hosts/vax/resume')).json()).toMatchObject({ presence: 'online', pausedAt: null })

  const taken = await server.post('/api/v1/hosts/invitations', { name: 'vax' })
  expect([taken.statusCode, taken.json().type]).toEqual([409, 'urn:rumpfarm:problem:name-taken'])
  const remove = () => server.ask({ method: 'DELETE', url: '/api/v1/hosts/vax', headers: bearer })
  expect((await remove()).statusCode).toBe(204)
  expect((await remove()).statusCode).toBe(404)

  const invited = await server.post('/api/v1/hosts/invitations', { name: 'vax' }, { host: 'farm.example:81' })
  expect(invited.statusCode).toBe(201)
  const { token, line, expiresAt } = invited.json()
  expect(line).toBe(`curl -fsS http://farm.example:81/agent.sh | sh -s -- enroll ${token}`)
  expect(expiresAt).toBe('2024-05-06T08:08:09.000Z')
})

serverTest('the API answers 404 for an unknown build, job, host or address', async ({ server }) => {
  for (const path of ['builds/7', 'jobs/7', 'jobs/7/log', 'jobs/7/attempts/1/log', 'hosts/vax', 'nothing', '']) {
    const answer = await server.ask(`/api/v1/${path}`)
    expect([path, answer.statusCode]).toEqual([path, 404])
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  }
  for (const path of ['builds/7/cancel', 'jobs/7/cancel', 'jobs/7/retry', 'hosts/vax/pause']) {
    expect((await server.post(`/api/v1/${path}`)).json()).toMatchObject({ type: 'urn:rumpfarm:problem:unknown' })
  }
  expect((await server.ask('/api/v2/builds')).json()).toMatchObject({ type: 'urn:rumpfarm:problem:no-such-page' })
})

serverTest('the server answers a request for an unknown address without reading its body', async ({ server }) => {
  for (const url of ['/api/nothing', '/api/v1/nothing', '/webhooks/nothing'])
    expect([url, (await server.post(url, { text: 'x'.repeat(30_000_000) })).statusCode]).toEqual([url, 404])
})

serverTest('the API shows the position of each mistake in an invalid request', async ({ server }) => {
  const where = async (url: string) => {
    const answer = await server.ask(`/api/v1/${url}`)
    expect([url, answer.statusCode]).toEqual([url, 400])
    return answer.json().errors?.map((error: { where: string }) => error.where) ?? answer.json().detail
  }
  expect(await where('builds?limit=0')).toEqual(['/query/limit'])
  expect(await where('builds?limit=201')).toEqual(['/query/limit'])
  expect(await where('builds?limit=x')).toEqual(['/query/limit'])
  expect(await where('jobs?stauts=failed')).toEqual(['/query/stauts'])
  expect(await where('jobs?status=gone')).toEqual(['/query/status'])
  expect(await where('builds/x')).toEqual(['/params/id'])
  expect(await where('builds?cursor=!')).toMatch(/^\/query\/cursor/)
  const name = (await server.post('/api/v1/hosts/invitations', { name: '../x' })).json()
  expect(name.errors).toEqual([
    {
      where: '/body/name',
      problem: 'must be a name: 1 to 63 characters of A-Z a-z 0-9 . _ -; the first is a letter or digit',
    },
  ])
  expect((await server.post('/api/v1/tokens', {})).json().errors).toEqual([
    { where: '/body/name', problem: 'is missing' },
  ])
})

serverTest('if a body or a query has an unknown key, the API lists the allowed keys', async ({ server }) => {
  await threeBuilds(server)
  const allowed = {
    'projects/sample/builds': 'ref, again, hosts, arches, variants',
    'hosts/invitations': 'name',
    'hosts/vax/alert': 'url',
    'hosts/vax/pause': 'none',
    tokens: 'name, scope',
    'login-links': 'none',
    'jobs/1/cancel': 'none',
    'jobs/1/retry': 'none',
    'builds/1/cancel': 'none',
    'builds/1/retry': 'which, dryRun',
    'jobs/retry-lost': 'project, dryRun',
  }
  for (const [path, keys] of Object.entries(allowed)) {
    const answer = await server.post(`/api/v1/${path}`, { 'b"ranch': 'x' })
    const problem = `unknown key "b\\"ranch"; allowed: ${keys}`
    expect([path, answer.statusCode]).toEqual([path, 400])
    expect(answer.json().detail).toContain(`/body/b"ranch: ${problem}`)
    expect(answer.json().errors).toContainEqual({ where: '/body/b"ranch', problem })
  }
  const query = (await server.ask('/api/v1/builds?stauts=failed')).json()
  expect(query.detail).toBe('/query/stauts: unknown key "stauts"; allowed: limit, cursor, format, project, probes')
})

serverTest('the API does not send an unchanged matrix again, even if the time in it changed', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  const { etag } = (await server.ask('/api/v1/matrix')).headers
  server.wait(1)
  const ask = () => server.ask({ url: '/api/v1/matrix', headers: { 'if-none-match': String(etag) } })
  expect((await ask()).statusCode).toBe(304)
  await server.host('sun')
  expect((await ask()).statusCode).toBe(200)
})

serverTest('a HEAD request with the current ETag gets 304, and the event stream refuses HEAD', async ({ server }) => {
  await threeBuilds(server)
  const head = (url: string, headers = {}) => server.ask({ method: 'HEAD', url, headers })
  for (const url of ['/api/v1/builds', '/api/v1/openapi.json']) {
    const { etag } = (await head(url)).headers
    expect([url, (await head(url, { 'if-none-match': String(etag) })).statusCode]).toEqual([url, 304])
  }
  expect((await head('/events')).statusCode).toBe(405)
})

serverTest('the API does not send an unchanged answer twice', async ({ server }) => {
  await server.configure()
  const ask = (etag?: string) =>
    server.ask({ url: '/api/v1/projects', headers: etag === undefined ? {} : { 'if-none-match': etag } })
  const { etag } = (await ask()).headers
  expect(etag).toMatch(/^W\/"/)
  for (const wanted of [etag, `"x", ${etag}`, String(etag).slice(2), '*']) {
    const again = await ask(wanted)
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag])
  }
  expect((await ask('W/"x"')).statusCode).toBe(200)
  await server.configure({}, { name: 'other' })
  expect((await ask(etag)).statusCode).toBe(200)
  const head = await server.ask({ method: 'HEAD', url: '/api/v1/projects' })
  expect([head.statusCode, head.body]).toEqual([200, ''])
  expect(head.headers.etag).toBe((await ask()).headers.etag)
})

serverTest('the API offers the matrix as JSON, text and CSV', async ({ server }) => {
  const { commits } = await threeBuilds(server)
  const json = (await server.ask('/api/v1/matrix?project=sample')).json()
  expect(json).toMatchObject({ projects: ['sample'], arches: ['amd64', 'arm'], hosts: [{ name: 'vax' }] })
  const [amd64, arm] = json.cells
  expect(amd64).toMatchObject({
    last: { verdict: 'failed', failedStep: 'tests', since: { buildId: 2 }, lastGood: { commit: commits[0] } },
  })
  expect(arm).toMatchObject({ last: null, active: { state: 'queued' } })

  const ask = (accept: string, query = '') => server.ask({ url: `/api/v1/matrix${query}`, headers: { accept } })
  const text = await ask('text/plain')
  expect(text.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', vary: 'Accept, Accept-Encoding' })
  expect(text.body).toContain(`failed tests since ${commits[1]?.slice(0, 7)} 2024-05-06`)
  const csv = await ask('application/json;q=0.5, text/csv')
  expect(csv.headers['content-type']).toMatch(/^text\/csv/)
  expect(csv.body).toMatch(/^host,arch,project,branch,variant,verdict/)
  expect((await ask('*/*')).headers['content-type']).toMatch(/^application\/json/)
  expect((await ask('*/*', '?format=csv')).body).toBe(csv.body)
  expect((await ask('*/*', '?project=x')).json()).toMatchObject({ status: 404, known: ['sample'] })
})

serverTest('an administrator can acknowledge a failure, and end the acknowledgement', async ({ server }) => {
  await threeBuilds(server)
  const path = '/api/v1/projects/sample/acknowledgements'
  const cell = { branch: 'main', host: 'vax', arch: 'amd64', variant: 'default' }
  const text = { note: 'the disk is slow', owner: 'Ada' }
  const made = await server.post(path, { ...cell, ...text, days: 3, link: 'https://bugs.example/1' })
  expect([made.statusCode, made.json()]).toMatchObject([201, { id: 1, kind: 'cell', ...cell, ...text }])
  expect((await server.ask(path)).json().items).toHaveLength(1)
  expect((await server.post(path, { ...cell, ...text, host: 'sun' })).json().type).toMatch(/not-failing$/)
  expect((await server.post(path, text)).json().detail).toMatch(/either fingerprint, or branch, host, arch and variant/)
  expect((await server.post(path, { ...cell, ...text, days: 366 })).statusCode).toBe(400)
  const end = () => server.ask({ method: 'DELETE', url: '/api/v1/acknowledgements/1', headers: bearer })
  expect([(await end()).statusCode, (await end()).statusCode]).toEqual([204, 404])
  expect((await server.ask(path)).json().items).toEqual([])
})
