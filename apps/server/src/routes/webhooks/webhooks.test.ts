import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { requestsPerMinuteMax } from '../../http/rate-limits.ts'
import { serverTest, type TestServer } from '../../server.fixture.ts'

const commit = '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de'
const clone = 'https://forge.example/rump/sample.git'

const push = (changes: object = {}) => ({
  ref: 'refs/heads/main',
  after: commit,
  deleted: false,
  repository: { clone_url: clone, ssh_url: 'git@forge.example:rump/sample.git' },
  head_commit: { message: 'Fix it\n\nAt last.', author: { name: 'Ada' } },
  ...changes,
})

interface Delivery {
  id?: string
  event?: string
  type?: string
  signature?: string | undefined
}

function deliver(
  server: TestServer,
  body: unknown,
  { id = 'd1', event = 'push', type = 'application/json', ...given }: Delivery = {},
) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const good = `sha256=${createHmac('sha256', server.config.secrets.githubWebhook).update(payload).digest('hex')}`
  const signature = 'signature' in given ? given.signature : good
  const headers = { 'content-type': type, 'x-github-event': event, 'x-github-delivery': id }
  const signed = signature === undefined ? {} : { 'x-hub-signature-256': signature }
  return server.ask({ method: 'POST', url: '/webhooks/github', payload, headers: { ...headers, ...signed } })
}

serverTest('the farm accepts a webhook of 20 MB, because GitHub sends up to 25 MB', async ({ server }) => {
  await server.configure({ repository: clone })
  const commits = Array.from({ length: 2000 }, () => ({ message: 'x'.repeat(10_000) }))
  expect((await deliver(server, push({ commits }))).statusCode).toBe(202)
})

serverTest('one address cannot block the webhooks of other addresses', async ({ server }) => {
  const ask = (remoteAddress: string) =>
    server.ask({ method: 'POST', url: '/webhooks/github', payload: '', remoteAddress })
  for (let times = 0; times < requestsPerMinuteMax; times++) await ask('192.0.2.1')
  const late = await ask('192.0.2.1')
  expect([late.statusCode, late.json().type]).toEqual([429, 'urn:rumpfarm:problem:too-many-requests'])
  expect((await ask('192.0.2.2')).statusCode).toBe(401)
})

serverTest('the farm builds a push whose commit message contains NUL', async ({ server }) => {
  await server.configure({ repository: clone })
  const body = push({ head_commit: { message: 'Fix\0 it', author: { name: 'A\0da' } } })
  const answer = await deliver(server, body)
  expect([answer.statusCode, answer.json().builds]).toMatchObject([202, [{ created: true }]])
  expect(await server.farm.builds.find(1)).toMatchObject({ subject: 'Fix\uFFFD it', author: 'A\uFFFDda' })
})

serverTest('a push from GitHub starts a build of each project that uses the repository', async ({ server }) => {
  await server.configure(
    { repository: 'git@forge.example:rump/sample' },
    { name: 'docs', repository: clone, branches: ['docs'] },
    { name: 'static', repository: clone },
    { name: 'other', repository: 'https://forge.example/rump/other' },
  )
  const answer = await deliver(server, push())

  expect(answer.statusCode).toBe(202)
  const { builds } = answer.json()
  expect(builds).toMatchObject([
    { project: 'sample', created: true },
    { project: 'static', created: true },
  ])
  expect(builds[0].url).toBe(`http://localhost:80/builds/${builds[0].id}`)
  const build = await server.farm.builds.find(builds[0].id)
  expect(build).toMatchObject({ commit, branch: 'main', subject: 'Fix it', author: 'Ada', sources: 'pending' })
  expect(build?.pushes).toMatchObject([{ source: 'github' }])
})

serverTest(
  'the farm builds a push even if farm.yaml writes the repository with other capital letters',
  async ({ server }) => {
    await server.configure(
      { repository: 'https://forge.example/Rump/SAMPLE' },
      { name: 'docs', repository: '/srv/Rump' },
    )
    const repository = { clone_url: 'https://Forge.example/rump/Sample.git' }
    const answer = await deliver(server, push({ repository }))
    expect([answer.statusCode, answer.json().builds]).toMatchObject([202, [{ project: 'sample', created: true }]])
    // For a path, capitals matter, because two directories can have names that differ only in their capitals.
    expect((await deliver(server, push({ repository: { clone_url: '/srv/rump' } }), { id: 'd2' })).statusCode).toBe(404)
  },
)

serverTest('the farm builds a push of a repository with SHA-256 commits', async ({ server }) => {
  await server.configure({ repository: clone })
  const after = commit.slice(0, 32).repeat(2)
  const answer = await deliver(server, push({ after }))
  expect([answer.statusCode, answer.json().builds]).toMatchObject([202, [{ created: true }]])
  expect(await server.farm.builds.find(1)).toMatchObject({ commit: after, sources: 'pending' })
  const cut = await deliver(server, push({ after: after.slice(0, 63) }), { id: 'd2' })
  expect([cut.statusCode, cut.json().detail]).toEqual([400, expect.stringMatching(/^body\.after/)])
})

serverTest(
  'a repeated delivery, or another delivery for the same commit, makes no second build',
  async ({ server }) => {
    await server.configure({ repository: clone })
    const builds = async (delivery: Delivery) => (await deliver(server, push(), delivery)).json().builds
    expect(await builds({})).toMatchObject([{ id: 1, created: true }])
    expect(await builds({})).toMatchObject([{ id: 1, created: false }])
    expect(await builds({ id: 'd2' })).toMatchObject([{ id: 1, created: false }])
    const form = new URLSearchParams({ payload: JSON.stringify(push()) }).toString()
    const formed = await deliver(server, form, { id: 'd3', type: 'application/x-www-form-urlencoded' })
    expect(formed.json().builds).toMatchObject([{ id: 1, created: false }])
    expect(await server.stored()).toBe(1)
  },
)

serverTest('the farm ignores a delivery that needs no build, and gives a reason', async ({ server }) => {
  await server.configure({ repository: clone })
  const ignored = async (body: object, delivery?: Delivery) => {
    const answer = await deliver(server, body, delivery)
    return [answer.statusCode, answer.json()]
  }
  expect(await ignored({ zen: 'x' }, { event: 'ping' })).toEqual([200, { status: 'pong' }])
  expect(await ignored(push({ ref: 'refs/tags/v1' }))).toEqual([
    200,
    { status: 'ignored', why: 'refs/tags/v1 is not a branch' },
  ])
  expect(await ignored(push({ deleted: true, after: '0'.repeat(40) }))).toEqual([
    200,
    { status: 'ignored', why: 'refs/heads/main was deleted' },
  ])
  expect(await ignored(push({ ref: 'refs/heads/x' }))).toEqual([
    200,
    { status: 'ignored', why: 'sample builds only the branches main, release/*, not x' },
  ])
  expect(await ignored({}, { event: 'issues' })).toEqual([
    200,
    { status: 'ignored', why: 'the event issues is not a push' },
  ])
  expect(await server.stored()).toBe(0)
})

serverTest('the farm refuses an invalid delivery and stores nothing', async ({ server }) => {
  await server.configure({ repository: clone })
  const refused = async (body: unknown, delivery: Delivery, status: number, kind: string, detail: RegExp) => {
    const answer = await deliver(server, body, delivery)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect({ at: answer.statusCode, ...answer.json() }).toMatchObject({
      at: status,
      status,
      type: `urn:rumpfarm:problem:${kind}`,
      detail: expect.stringMatching(detail),
    })
  }
  await refused(push(), { signature: undefined }, 401, 'bad-signature', /missing.*data\/secrets\/github-webhook/)
  await refused(push(), { signature: `sha256=${'0'.repeat(64)}` }, 401, 'bad-signature', /does not match/)
  await refused(push(), { signature: 'sha1=x' }, 401, 'bad-signature', /64 hexadecimal digits/)
  await refused('{"ref": nope}', { signature: 'sha256=x' }, 401, 'bad-signature', /hexadecimal/)
  await refused('{"ref":\n  nope}', {}, 400, 'malformed', /^body:2:3: it is not JSON/)
  await refused(push({ after: 'HEAD' }), {}, 400, 'malformed', /^body\.after/)
  await refused(push(), { id: '' }, 400, 'malformed', /X-GitHub-Delivery/)
  const elsewhere = push({ repository: { clone_url: 'https://forge.example/x/y' } })
  await refused(
    elsewhere,
    {},
    404,
    'unknown-repository',
    /no project has .*x\/y; the farm has: sample \(https:\/\/forge/,
  )
  await refused(`{"x": "${'x'.repeat(25 * 1024 * 1024)}"}`, {}, 413, 'body-too-large', /at most 26214400 bytes/)
  const lost = await server.ask({ method: 'GET', url: '/webhooks/github' })
  expect(lost.json()).toMatchObject({ status: 405, type: 'urn:rumpfarm:problem:wrong-method' })
  expect(await server.stored()).toBe(0)
  expect(await server.pushes()).toBe(0)
})

interface Signing {
  id?: string
  at?: number
  secret?: string
}

function send(
  server: TestServer,
  body: unknown,
  { id = 'm1', at = Date.now(), secret = server.config.secrets.webhook }: Signing = {},
) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const seconds = String(Math.floor(at / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${payload}`).digest('base64')
  const headers = { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` }
  const type = { 'content-type': 'application/json' }
  return server.ask({ method: 'POST', url: '/webhooks/generic', payload, headers: { ...type, ...headers } })
}

serverTest('any program that knows the webhook secret can request a build', async ({ server }) => {
  await server.configure()
  const head = server.repository.git('rev-parse', 'HEAD')
  const answer = await send(server, { project: 'sample' })
  expect(answer.statusCode).toBe(202)
  expect(answer.json()).toEqual({
    builds: [{ id: 1, project: 'sample', url: 'http://localhost:80/builds/1', created: true }],
  })
  expect(await server.farm.builds.find(1)).toMatchObject({
    commit: head,
    branch: 'main',
    pushes: [{ source: 'webhook' }],
  })

  for (const [id, body] of [
    ['m1', { project: 'sample', branch: 'main' }],
    ['m2', { project: 'sample', branch: 'main' }],
    ['m3', { project: 'sample', commit: head.slice(0, 9) }],
    ['m4', { project: 'sample', commit: head, branch: 'main' }],
  ] as const)
    expect((await send(server, body, { id })).json().builds).toMatchObject([{ id: 1, created: false }])
  // The farm accepts a full commit without git.
  const other = await send(server, { project: 'sample', commit }, { id: 'm5' })
  expect([other.statusCode, other.json().builds]).toMatchObject([202, [{ project: 'sample', created: true }]])
})

serverTest('the farm refuses an invalid message and stores nothing', async ({ server }) => {
  await server.configure()
  const refused = async (body: unknown, signing: Signing, status: number, kind: string, detail: RegExp) => {
    const answer = await send(server, body, signing)
    expect({ at: answer.statusCode, ...answer.json() }).toMatchObject({
      at: status,
      status,
      type: `urn:rumpfarm:problem:${kind}`,
      detail: expect.stringMatching(detail),
    })
  }
  const good = { project: 'sample' }
  await refused(good, { secret: 'whsec_b3RoZXI=' }, 401, 'bad-signature', /data\/secrets\/webhook$/)
  await refused(good, { at: Date.now() - 301_000 }, 401, 'bad-signature', /6 minutes old/)
  await refused(good, { at: Date.now() + 400_000 }, 401, 'bad-signature', /7 minutes in the future/)
  await refused('{"project": sample}', {}, 400, 'malformed', /^body:1:13/)
  await refused({ project: 'sample', brnach: 'x' }, {}, 400, 'malformed', /brnach/)
  await refused({ project: 'smaple' }, {}, 404, 'unknown-project', /the farm has: sample/)
  await refused({ project: 'smaple', commit }, {}, 404, 'unknown-project', /the farm has: sample/)
  await refused({ project: 'sample', branch: 'nope' }, {}, 422, 'no-such-commit', /nope/)
  const unsigned = await server.ask({ method: 'POST', url: '/webhooks/generic', payload: good })
  expect(unsigned.json()).toMatchObject({
    status: 401,
    detail: expect.stringContaining('webhook-signature of Standard Webhooks is missing'),
  })
  expect([await server.stored(), await server.pushes()]).toEqual([0, 0])
})
