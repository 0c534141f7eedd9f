import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { adminToken, serverTest, type TestServer } from '../../server.fixture.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const commit = '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de'

/** A tar.gz of the repository's files. */
function tarball({ repository }: TestServer): Buffer {
  return execFileSync('tar', ['-C', repository.directory, '--exclude=.git', '-czf', '-', 'a.c'])
}

const announce = (bytes: Buffer, more: object = {}) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  commit,
  ...more,
})

async function scene(server: TestServer) {
  await server.configure()
  await server.host('vax')
  const { token } = (await server.post('/api/v1/tokens', { name: 'ada', scope: 'try' })).json<{ token: string }>()
  const begin = (body: object, own = token) => server.post('/api/v1/projects/sample/tries', body, bearer(own))
  const put = (id: string, offset: number, payload: Buffer, own = token) =>
    server.ask({
      method: 'PUT',
      url: `/api/v1/tries/${id}/files?offset=${offset}`,
      payload,
      headers: { ...bearer(own), 'content-type': 'application/octet-stream' },
    })
  const start = (id: string, own = token) => server.post(`/api/v1/tries/${id}/start`, {}, bearer(own))
  return { token, begin, put, start }
}

serverTest('a tree is uploaded in parts, continued, and built as a try', async ({ server }) => {
  const { begin, put, start, token } = await scene(server)
  const bytes = tarball(server)
  const begun = await begin(announce(bytes, { subject: '1 changed file on main', author: 'Ada', hosts: ['vax'] }))
  expect([begun.statusCode, begun.json()]).toMatchObject([201, { project: 'sample', token: 'ada', received: 0 }])
  const { id } = begun.json<{ id: string }>()
  expect((await put(id, 0, bytes.subarray(0, 40))).json()).toMatchObject({ received: 40 })
  expect((await start(id)).json()).toMatchObject({ status: 409, type: 'urn:rumpfarm:problem:upload-incomplete' })
  expect((await put(id, 50, bytes.subarray(50))).json()).toMatchObject({
    status: 409,
    detail: 'the farm has 40 bytes of this upload: go on from there',
  })
  const again = await begin(announce(bytes, { hosts: ['vax'] }))
  expect([again.statusCode, again.json()]).toMatchObject([200, { id, received: 40 }])
  expect((await put(id, 40, bytes.subarray(40))).json()).toMatchObject({ received: bytes.length })
  const [one, two] = await Promise.all([start(id), start(id)])
  const { buildId, url } = one.json<{ buildId: number; url: string }>()
  expect([one.statusCode, two.json(), url]).toMatchObject([200, { buildId }, expect.stringContaining('/builds/1')])
  expect((await server.ask(`/api/v1/tries/${id}`)).statusCode).toBe(401)
  expect((await server.ask({ url: `/api/v1/tries/${id}`, headers: bearer(token) })).json()).toMatchObject({ buildId })
  const build = (await server.ask(`/api/v1/builds/${buildId}`)).json()
  expect(build).toMatchObject({ kind: 'try', commit, branch: null, subject: '1 changed file on main', author: 'Ada' })
  expect(await server.farm.tries.end()).toEqual([])
})

serverTest('only tokens with the scope try, and administrators, can try', async ({ server }) => {
  const { begin, put, start, token } = await scene(server)
  const trigger = (await server.post('/api/v1/tokens', { name: 'nightly' })).json<{ token: string }>().token
  const other = (await server.post('/api/v1/tokens', { name: 'eve', scope: 'try' })).json<{ token: string }>().token
  const bytes = tarball(server)
  const refused = await begin(announce(bytes), trigger)
  expect([refused.statusCode, refused.json().detail]).toEqual([
    403,
    'the token nightly may only start builds; this request needs the scope try or admin',
  ])
  const build = await server.post('/api/v1/projects/sample/builds', {}, bearer(token))
  expect([build.statusCode, build.json().detail]).toEqual([
    403,
    'the token ada may only build uploaded trees; this request needs the scope trigger or admin',
  ])
  expect((await server.post('/api/v1/tokens', { name: 'x' }, bearer(token))).statusCode).toBe(403)
  const { id } = (await begin(announce(bytes))).json<{ id: string }>()
  for (const answer of [await put(id, 0, bytes, other), await start(id, other)])
    expect([answer.statusCode, answer.json().detail]).toEqual([
      404,
      expect.stringContaining('belongs to another token'),
    ])
  expect((await put(id, 0, bytes, adminToken)).statusCode).toBe(200)
  expect((await begin(announce(bytes), adminToken)).statusCode).toBe(201)
})

serverTest('an upload that is too large, too long, or wrong is refused with a reason', async ({ server }) => {
  const { begin, put, start } = await scene(server)
  const bytes = tarball(server)
  expect((await begin(announce(bytes, { bytes: server.config.tryBytesMax + 1 }))).json()).toMatchObject({
    status: 413,
    detail: expect.stringContaining('more than 200 MB, the limit of this farm (TRY_MB)'),
  })
  const { id } = (await begin(announce(bytes, { bytes: 10 }))).json<{ id: string }>()
  expect((await put(id, 0, bytes)).statusCode).toBe(413)
  const wrong = (await begin(announce(bytes, { sha256: '0'.repeat(64) }))).json<{ id: string }>()
  await put(wrong.id, 0, bytes)
  expect((await start(wrong.id)).json()).toMatchObject({
    status: 422,
    detail: 'the farm cannot use the upload: its SHA-256 is wrong. Upload all of it again',
  })
  expect((await put(wrong.id, 0, bytes)).json()).toMatchObject({ received: bytes.length })
  const nowhere = (await begin(announce(bytes, { hosts: ['sun'] }))).json<{ id: string }>()
  await put(nowhere.id, 0, bytes)
  expect((await start(nowhere.id)).json()).toMatchObject({ type: 'urn:rumpfarm:problem:no-such-cell' })
  expect((await server.post('/api/v1/projects/smaple/tries', announce(bytes))).statusCode).toBe(404)
})

serverTest('a token has at most five open tries, and the uploads of all tries have a limit', async ({ server }) => {
  const { begin } = await scene(server)
  const bytes = tarball(server)
  const begun = await Promise.all(
    Array.from({ length: 6 }, (_, index) => begin(announce(bytes, { commit: `${index}`.repeat(40) }))),
  )
  expect(begun.map(({ statusCode }) => statusCode).sort()).toEqual([201, 201, 201, 201, 201, 409])
  expect(begun.find(({ statusCode }) => statusCode === 409)?.json().detail).toContain('5 tries that have not ended')
  const limits = { bytesMax: 1e6, allBytesMax: 5 * bytes.length + 10 }
  const request = { ...announce(bytes), project: 'sample', token: 'other', subject: 'x' }
  expect(await server.farm.tries.create(request, limits)).toMatchObject({ kind: 'no-room-for-tries' })
})

serverTest('the files of a try are deleted after its end, or after a day', async ({ server }) => {
  const { begin, put, start } = await scene(server)
  const bytes = tarball(server)
  const first = (await begin(announce(bytes))).json<{ id: string }>().id
  const second = (await begin(announce(bytes, { hosts: ['vax'] }))).json<{ id: string }>().id
  const third = (await begin(announce(bytes, { hosts: ['v*'] }))).json<{ id: string }>().id
  for (const id of [first, third]) {
    await put(id, 0, bytes)
    await start(id)
  }
  await server.ask({ method: 'DELETE', url: `/api/v1/tries/${third}`, headers: bearer(adminToken) })
  const [cancelled, running] = (await server.farm.builds.listJobs({ limit: 9 })).map(({ verdict }) => verdict)
  expect([cancelled, running]).toEqual(['cancelled', null])
  expect(await server.farm.tries.end()).toEqual([third])
  await server.farm.tries.forget([third])
  server.wait(86_401)
  expect((await server.farm.tries.end()).sort()).toEqual([first, second].sort())
  expect((await server.farm.builds.listJobs({ limit: 9 })).map(({ verdict }) => verdict)).toEqual([
    'cancelled',
    'cancelled',
  ])
  await server.farm.tries.forget([first, second])
  expect(await server.farm.tries.find(first)).toBeUndefined()
  expect(await server.farm.tries.end()).toEqual([])
})
