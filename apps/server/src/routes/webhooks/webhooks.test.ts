import { expect } from 'vitest'
import { requestsPerMinuteMax } from '../../http/rate-limits.ts'
import { serverTest, type TestServer } from '../../server.fixture.ts'
import { type Delivery, deliver, handle, pushOf, type Signing, send } from './webhooks.fixture.ts'

const clone = 'https://forge.invalid/rump/sample.git'
const commit = '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de'
const headOf = (server: TestServer) => server.repository.git('rev-parse', 'HEAD')

serverTest('the farm accepts a webhook of 20 MB, because GitHub sends up to 25 MB', async ({ server }) => {
  await server.configure()
  const commits = Array.from({ length: 2000 }, () => ({ message: 'x'.repeat(10_000) }))
  const answer = await deliver(server, pushOf(server, headOf(server), { commits }))
  expect(answer.statusCode).toBe(202)
  const { body, bodyBytes, results } = await server.handled(answer.json().delivery.id)
  expect(bodyBytes).toBeGreaterThan(20_000_000)
  expect(body.length).toBe(65_536)
  expect(results).toMatchObject([{ outcome: 'built' }])
})

serverTest('one address cannot block the webhooks of other addresses', async ({ server }) => {
  const ask = (remoteAddress: string) =>
    server.ask({ method: 'POST', url: '/webhooks/github', payload: '', remoteAddress })
  for (let times = 0; times < requestsPerMinuteMax; times++) await ask('192.0.2.1')
  const late = await ask('192.0.2.1')
  expect([late.statusCode, late.json().type]).toEqual([429, 'urn:rumpfarm:problem:too-many-requests'])
  expect((await ask('192.0.2.2')).statusCode).toBe(401)
  // Anybody can send such requests, so the farm stores only some of them.
  expect(await server.sql('SELECT count(*)::int AS stored FROM "Delivery"')).toEqual([{ stored: 60 }])
})

serverTest(
  'a push starts a build of each project with the repository; git says what the commit is',
  async ({ server }) => {
    const head = headOf(server)
    await server.configure(
      {},
      { name: 'docs', branches: ['docs'] },
      { name: 'static' },
      { name: 'other', repository: clone },
    )
    const answer = await deliver(server, pushOf(server, head))
    expect([answer.statusCode, answer.json()]).toEqual([
      202,
      {
        status: 'accepted',
        delivery: { id: 1, url: 'http://localhost:80/deliveries/1' },
        ignored: [{ project: 'docs', why: 'docs builds only the branches docs, not main' }],
      },
    ])
    const { outcome, results } = await server.handled(1)
    expect(outcome).toBe('built')
    expect(results).toMatchObject([
      { project: 'docs', outcome: 'ignored', why: 'docs builds only the branches docs, not main' },
      { project: 'sample', outcome: 'built', commit: head, buildId: expect.any(Number), created: true },
      { project: 'static', outcome: 'built', created: true },
    ])
    const build = await server.farm.builds.find(results[1]?.buildId ?? 0)
    expect(build).toMatchObject({ commit: head, branch: 'main', subject: 'First', author: 'Ada', cause: 'push' })
    expect(build?.pushes).toMatchObject([{ source: 'github' }])
  },
)

serverTest('one address accepts the webhooks of all forges', async ({ server }) => {
  await server.configure()
  const { sender, outcome } = await handle(server, pushOf(server, headOf(server)), { path: '/webhooks' })
  expect([sender, outcome]).toEqual(['github', 'built'])
  const unknown = await server.ask({ method: 'POST', url: '/webhooks', payload: '{}' })
  expect([unknown.statusCode, unknown.json().detail]).toEqual([
    401,
    expect.stringMatching(/no header of a known forge/),
  ])
})

serverTest('a repeated delivery, or another delivery of the same commit, makes no second build', async ({ server }) => {
  await server.configure()
  const body = pushOf(server, headOf(server))
  expect((await handle(server, body)).results).toMatchObject([{ buildId: 1, created: true }])
  expect(await handle(server, body)).toMatchObject({ id: 1, times: 2, results: [{ buildId: 1, created: false }] })
  expect((await handle(server, body, { id: 'd2' })).results).toMatchObject([{ buildId: 1, created: false }])
  const form = new URLSearchParams({ payload: JSON.stringify(body) }).toString()
  const formed = await handle(server, form, { id: 'd3', type: 'application/x-www-form-urlencoded' })
  expect(formed.results).toMatchObject([{ buildId: 1, created: false }])
  expect(await server.stored()).toBe(1)
})

serverTest('a delivery that was ignored is decided again when it is repeated or replayed', async ({ server }) => {
  await server.configure()
  server.repository.git('branch', 'develop')
  const body = pushOf(server, headOf(server), { ref: 'refs/heads/develop' })
  const first = await deliver(server, body)
  const why = 'sample builds only the branches main, release/*, not develop'
  expect([first.statusCode, first.json()]).toMatchObject([200, { status: 'ignored', why }])
  await server.configure({ branches: ['main', 'develop'] })
  const second = await deliver(server, body)
  expect(second.statusCode).toBe(202)
  expect(await server.handled(1)).toMatchObject({ outcome: 'built', results: [{ buildId: 1, created: true }] })
  expect((await server.post('/api/v1/deliveries/1/replay')).statusCode).toBe(202)
  expect(await server.handled(1)).toMatchObject({ times: 3, results: [{ buildId: 1, created: false }] })
})

serverTest('the farm ignores a delivery that needs no build, and gives a reason', async ({ server }) => {
  await server.configure()
  const push = (changes: object) => pushOf(server, headOf(server), changes)
  const ignored = async (body: object, delivery?: Delivery) => {
    const answer = await deliver(server, body, delivery)
    return [answer.statusCode, answer.json().status, answer.json().why]
  }
  expect(await ignored({ zen: 'x' }, { event: 'ping' })).toEqual([200, 'pong', undefined])
  expect(await ignored(push({ ref: 'refs/tags/v1' }))).toEqual([200, 'ignored', 'sample builds no tags'])
  expect(await ignored(push({ ref: 'refs/heads/x' }))).toEqual([
    200,
    'ignored',
    'sample builds only the branches main, release/*, not x',
  ])
  expect((await ignored({}, { event: 'issues', id: 'd2' })).slice(0, 2)).toEqual([200, 'ignored'])
  const deleted = await handle(server, push({ deleted: true, after: '0'.repeat(40) }), { id: 'd3' })
  expect(deleted.outcome).not.toBe('built')
  const gone = push({ ref: 'refs/heads/release/1', deleted: true, after: '0'.repeat(40) })
  const { outcome, reason } = await handle(server, gone, { id: 'd4' })
  expect([outcome, reason]).toEqual(['handled', 'sample: the branch release/1 was deleted: its cells left the matrix'])
  expect(await server.stored()).toBe(0)
})

serverTest(
  'the farm refuses an invalid delivery, and shows it to administrators without its body',
  async ({ server }) => {
    await server.configure()
    const push = (changes: object = {}) => pushOf(server, commit, changes)
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
    await refused('{"ref": nope}', { signature: 'sha256=x' }, 401, 'bad-signature', /hexadecimal/)
    await refused('{"ref":\n  nope}', {}, 400, 'malformed', /^body:2:3: it is not JSON/)
    await refused(push({ after: 'HEAD' }), {}, 400, 'malformed', /^body\.after/)
    const elsewhere = push({ repository: { clone_url: 'https://forge.example/x/y' } })
    await refused(elsewhere, {}, 404, 'unknown-repository', /no project has .*x\/y; the farm has: sample \(/)
    await refused(`{"x": "${'x'.repeat(25 * 1024 * 1024)}"}`, {}, 413, 'body-too-large', /at most 26214400 bytes/)
    const lost = await server.ask({ method: 'GET', url: '/webhooks/github' })
    expect(lost.json()).toMatchObject({ status: 405, type: 'urn:rumpfarm:problem:wrong-method' })
    expect([await server.stored(), await server.pushes()]).toEqual([0, 0])
    const stored = await server.farm.deliveries.list({ refused: true, outcome: 'refused', limit: 10 })
    expect(stored.map(({ reason }) => reason?.slice(0, 11))).toHaveLength(5)
    expect(await server.farm.deliveries.find(stored[0]?.id ?? 0)).toMatchObject({ body: '', canReplay: false })
    expect(await server.farm.deliveries.list({ refused: false, limit: 10 })).toMatchObject([{ outcome: 'ignored' }])
  },
)

serverTest('the answer of a webhook does not wait for git', async ({ server }) => {
  // Nobody answers at this address.
  await server.configure({ repository: 'http://192.0.2.1/x.git' })
  const body = pushOf(server, commit, { repository: { clone_url: 'http://192.0.2.1/x.git' } })
  const startedAt = performance.now()
  for (let number = 0; number < 20; number++)
    expect((await deliver(server, body, { id: `d${number}` })).statusCode).toBe(202)
  expect((performance.now() - startedAt) / 20).toBeLessThan(2000)
})

serverTest('any program that knows the webhook secret can request a build', async ({ server }) => {
  await server.configure()
  const head = headOf(server)
  const answer = await send(server, { project: 'sample' })
  expect([answer.statusCode, answer.json()]).toMatchObject([202, { status: 'accepted', delivery: { id: 1 } }])
  expect(await server.handled(1)).toMatchObject({
    sender: 'generic',
    results: [{ buildId: 1, created: true, commit: head }],
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
    ['m5', { type: 'build', timestamp: '2026-01-01T00:00:00Z', data: { project: 'sample' } }],
  ] as const) {
    const again = await send(server, body, { id })
    expect((await server.handled(again.json().delivery.id)).results).toMatchObject([{ buildId: 1, created: false }])
  }
})

serverTest('the id of an annotated tag’s object means the tagged commit', async ({ server }) => {
  await server.configure({ tags: ['v*'] })
  const head = headOf(server)
  server.repository.git('tag', '--annotate', '--message', 'Version 1', 'v1')
  const tag = server.repository.git('rev-parse', 'v1')
  expect(tag).not.toBe(head)
  await send(server, { project: 'sample', branch: 'main' })
  expect((await server.handled(1)).results).toMatchObject([{ buildId: 1, created: true }])
  await send(server, { project: 'sample', commit: tag }, { id: 'm2' })
  expect((await server.handled(2)).results).toMatchObject([{ buildId: 1, created: false, commit: head }])
  const pushed = await handle(server, pushOf(server, tag, { ref: 'refs/tags/v1' }))
  expect(pushed.results).toMatchObject([{ created: true, commit: head }])
  expect(await server.farm.builds.find(pushed.results[0]?.buildId ?? 0)).toMatchObject({
    kind: 'tag',
    tag: 'v1',
    commit: head,
  })
})

serverTest('the farm refuses an invalid message and builds nothing', async ({ server }) => {
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
  await refused('{"project": sample}', {}, 400, 'malformed', /^body:1:13/)
  await refused({ project: 'sample', brnach: 'x' }, {}, 400, 'malformed', /brnach/)
  await refused({ project: 'smaple' }, {}, 404, 'unknown-project', /the farm has: sample/)
  expect([await server.stored(), await server.pushes()]).toEqual([0, 0])
  const answer = await send(server, { project: 'sample', branch: 'nope' }, { id: 'm2' })
  const { outcome, reason } = await server.handled(answer.json().delivery.id)
  expect([outcome, reason]).toEqual(['retrying', expect.stringMatching(/has no branch, tag or commit nope/)])
})
