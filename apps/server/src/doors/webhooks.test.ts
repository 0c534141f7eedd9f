import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { type Doors, doorsTest } from './doors.fixture.ts'
import { requestsPerMinuteMax } from './rates.ts'

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
  doors: Doors,
  body: unknown,
  { id = 'd1', event = 'push', type = 'application/json', ...given }: Delivery = {},
) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const good = `sha256=${createHmac('sha256', doors.config.secrets.githubWebhook).update(payload).digest('hex')}`
  const signature = 'signature' in given ? given.signature : good
  const headers = { 'content-type': type, 'x-github-event': event, 'x-github-delivery': id }
  const signed = signature === undefined ? {} : { 'x-hub-signature-256': signature }
  return doors.ask({ method: 'POST', url: '/webhooks/github', payload, headers: { ...headers, ...signed } })
}

doorsTest('a push of 20 MB is built: GitHub sends up to 25', async ({ doors }) => {
  await doors.configure({ repository: clone })
  const commits = Array.from({ length: 2000 }, () => ({ message: 'x'.repeat(10_000) }))
  expect((await deliver(doors, push({ commits }))).statusCode).toBe(202)
})

doorsTest('one address cannot take the webhooks away from others', async ({ doors }) => {
  const ask = (remoteAddress: string) =>
    doors.ask({ method: 'POST', url: '/webhooks/github', payload: '', remoteAddress })
  for (let times = 0; times < requestsPerMinuteMax; times++) await ask('192.0.2.1')
  const late = await ask('192.0.2.1')
  expect([late.statusCode, late.json().type]).toEqual([429, 'urn:rumpfarm:problem:too-many-requests'])
  expect((await ask('192.0.2.2')).statusCode).toBe(401)
})

doorsTest('a push whose message holds NUL is built', async ({ doors }) => {
  await doors.configure({ repository: clone })
  const body = push({ head_commit: { message: 'Fix\0 it', author: { name: 'A\0da' } } })
  const answer = await deliver(doors, body)
  expect([answer.statusCode, answer.json().builds]).toMatchObject([202, [{ created: true }]])
  expect(await doors.farm.findBuild(1)).toMatchObject({ subject: 'Fix\uFFFD it', author: 'A\uFFFDda' })
})

doorsTest('a push of GitHub is a build of each project that has the repository', async ({ doors }) => {
  await doors.configure(
    { repository: 'git@forge.example:rump/sample' },
    { name: 'docs', repository: clone, branches: ['docs'] },
    { name: 'static', repository: clone },
    { name: 'other', repository: 'https://forge.example/rump/other' },
  )
  const answer = await deliver(doors, push())

  expect(answer.statusCode).toBe(202)
  const { builds } = answer.json()
  expect(builds).toMatchObject([
    { project: 'sample', created: true },
    { project: 'static', created: true },
  ])
  expect(builds[0].url).toBe(`http://localhost:80/builds/${builds[0].id}`)
  const build = await doors.farm.findBuild(builds[0].id)
  expect(build).toMatchObject({ commit, branch: 'main', subject: 'Fix it', author: 'Ada', sources: 'pending' })
  expect(build?.pushes).toMatchObject([{ source: 'github' }])
})

doorsTest('the same delivery again, and the same commit in another, are the same build', async ({ doors }) => {
  await doors.configure({ repository: clone })
  const builds = async (delivery: Delivery) => (await deliver(doors, push(), delivery)).json().builds
  expect(await builds({})).toMatchObject([{ id: 1, created: true }])
  expect(await builds({})).toMatchObject([{ id: 1, created: false }])
  expect(await builds({ id: 'd2' })).toMatchObject([{ id: 1, created: false }])
  const form = new URLSearchParams({ payload: JSON.stringify(push()) }).toString()
  const formed = await deliver(doors, form, { id: 'd3', type: 'application/x-www-form-urlencoded' })
  expect(formed.json().builds).toMatchObject([{ id: 1, created: false }])
  expect(await doors.stored()).toBe(1)
})

doorsTest('what needs no build is said to be ignored, and why', async ({ doors }) => {
  await doors.configure({ repository: clone })
  const ignored = async (body: object, delivery?: Delivery) => {
    const answer = await deliver(doors, body, delivery)
    return [answer.statusCode, answer.json()]
  }
  expect(await ignored({ zen: 'x' }, { event: 'ping' })).toEqual([200, { status: 'pong' }])
  expect(await ignored(push({ ref: 'refs/tags/v1' }))).toEqual([
    200,
    { status: 'ignored', why: 'refs/tags/v1 is no branch' },
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
    { status: 'ignored', why: 'the event issues is no push' },
  ])
  expect(await doors.stored()).toBe(0)
})

doorsTest('a delivery that is not good is refused, and nothing is stored', async ({ doors }) => {
  await doors.configure({ repository: clone })
  const refused = async (body: unknown, delivery: Delivery, status: number, kind: string, detail: RegExp) => {
    const answer = await deliver(doors, body, delivery)
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
  const lost = await doors.ask({ method: 'GET', url: '/webhooks/github' })
  expect(lost.json()).toMatchObject({ status: 404, type: 'urn:rumpfarm:problem:no-such-page' })
  expect(await doors.stored()).toBe(0)
  expect(await doors.pushes()).toBe(0)
})

interface Signing {
  id?: string
  at?: number
  secret?: string
}

function send(
  doors: Doors,
  body: unknown,
  { id = 'm1', at = Date.now(), secret = doors.config.secrets.webhook }: Signing = {},
) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const seconds = String(Math.floor(at / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${payload}`).digest('base64')
  const headers = { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` }
  const type = { 'content-type': 'application/json' }
  return doors.ask({ method: 'POST', url: '/webhooks/generic', payload, headers: { ...type, ...headers } })
}

doorsTest('any program that signs asks for a build', async ({ doors }) => {
  await doors.configure()
  const head = doors.repository.git('rev-parse', 'HEAD')
  const answer = await send(doors, { project: 'sample' })
  expect(answer.statusCode).toBe(202)
  expect(answer.json()).toEqual({
    builds: [{ id: 1, project: 'sample', url: 'http://localhost:80/builds/1', created: true }],
  })
  expect(await doors.farm.findBuild(1)).toMatchObject({ commit: head, branch: 'main', pushes: [{ source: 'webhook' }] })

  for (const [id, body] of [
    ['m1', { project: 'sample', branch: 'main' }],
    ['m2', { project: 'sample', branch: 'main' }],
    ['m3', { project: 'sample', commit: head.slice(0, 9) }],
    ['m4', { project: 'sample', commit: head, branch: 'main' }],
  ] as const)
    expect((await send(doors, body, { id })).json().builds).toMatchObject([{ id: 1, created: false }])
  // A full commit is taken at its word, without a look at the repository.
  const other = await send(doors, { project: 'sample', commit }, { id: 'm5' })
  expect([other.statusCode, other.json().builds]).toMatchObject([202, [{ project: 'sample', created: true }]])
})

doorsTest('a message that is not good is refused, and nothing is stored', async ({ doors }) => {
  await doors.configure()
  const refused = async (body: unknown, signing: Signing, status: number, kind: string, detail: RegExp) => {
    const answer = await send(doors, body, signing)
    expect({ at: answer.statusCode, ...answer.json() }).toMatchObject({
      at: status,
      status,
      type: `urn:rumpfarm:problem:${kind}`,
      detail: expect.stringMatching(detail),
    })
  }
  const good = { project: 'sample' }
  await refused(good, { secret: 'whsec_b3RoZXI=' }, 401, 'bad-signature', /data\/secrets\/webhook$/)
  await refused(good, { at: Date.now() - 301_000 }, 401, 'bad-signature', /too old/)
  await refused(good, { at: Date.now() + 301_000 }, 401, 'bad-signature', /too new/)
  await refused('{"project": sample}', {}, 400, 'malformed', /^body:1:13/)
  await refused({ project: 'sample', brnach: 'x' }, {}, 400, 'malformed', /brnach/)
  await refused({ project: 'smaple' }, {}, 404, 'unknown-project', /the farm has: sample/)
  await refused({ project: 'smaple', commit }, {}, 404, 'unknown-project', /the farm has: sample/)
  await refused({ project: 'sample', branch: 'nope' }, {}, 422, 'no-such-commit', /nope/)
  const unsigned = await doors.ask({ method: 'POST', url: '/webhooks/generic', payload: good })
  expect(unsigned.json()).toMatchObject({ status: 401, detail: expect.stringContaining('webhook-id is missing') })
  expect([await doors.stored(), await doors.pushes()]).toEqual([0, 0])
})
