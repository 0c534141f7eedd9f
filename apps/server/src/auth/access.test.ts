import { expect } from 'vitest'
import { adminToken, serverTest } from '../server.fixture.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const cookieOf = (answer: { cookies: { name: string; value: string }[] }) =>
  Object.fromEntries(answer.cookies.map(({ name, value }) => [name, value]))

serverTest(
  'a request that only reads needs no token, and a request that changes something needs a token',
  async ({ server }) => {
    await server.configure()
    await server.host('vax')
    await server.build()
    const changes = [
      ['POST', '/api/v1/projects/sample/builds'],
      ['POST', '/api/v1/hosts/invitations'],
      ['POST', '/api/v1/jobs/1/cancel'],
      ['POST', '/api/v1/builds/1/cancel'],
      ['POST', '/api/v1/jobs/1/retry'],
      ['POST', '/api/v1/builds/1/retry'],
      ['POST', '/api/v1/jobs/retry-lost'],
      ['POST', '/api/v1/hosts/vax/pause'],
      ['POST', '/api/v1/hosts/vax/resume'],
      ['DELETE', '/api/v1/hosts/vax'],
      ['POST', '/api/v1/tokens'],
      ['DELETE', '/api/v1/tokens/admin'],
      ['POST', '/api/v1/projects/sample/acknowledgements'],
      ['POST', '/api/v1/projects/sample/statuses/retry'],
      ['POST', '/api/v1/projects/sample/pull-requests/7/approve'],
      ['POST', '/api/v1/projects/sample/pull-requests/7/refuse'],
      ['DELETE', '/api/v1/acknowledgements/1'],
      ['POST', '/api/v1/bisections'],
      ['POST', '/api/v1/bisections/1/cancel'],
      ['POST', '/api/v1/bisections/1/continue'],
      ['POST', '/api/v1/bisections/1/inside-merge'],
      ['POST', '/api/v1/login-links'],
      ['POST', '/api/v1/projects/sample/tries'],
      ['POST', '/api/v1/tries/3f2b6c1e-0d7a-4a53-9f63-0a8f5a3f1c11/start'],
    ] as const
    for (const [method, url] of changes) {
      const sent = method === 'POST' ? { payload: { misspelt: 'x' } } : {}
      for (const headers of [{}, bearer('rft-wrong'), { authorization: 'Basic YTpi' }]) {
        const answer = await server.ask({ method, url, ...sent, headers })
        expect([method, url, answer.statusCode]).toEqual([method, url, 401])
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/)
        expect(answer.json().type).toBe('urn:rumpfarm:problem:not-signed-in')
      }
    }
    expect((await server.ask('/api/v1/hosts/vax')).json()).toMatchObject({ presence: 'online', pausedAt: null })
    expect((await server.ask('/api/v1/jobs/1')).json()).toMatchObject({ state: 'queued' })
    expect(await server.stored()).toBe(1)
  },
)

serverTest(
  'the server refuses an empty bearer token, even if the database has the hash of an empty token',
  async ({ server }) => {
    await server.sql(`UPDATE "ApiToken" SET hash = encode(sha256(''), 'hex') WHERE name = 'admin'`)
    for (const authorization of ['', 'x', 'Bearer', 'Bearer ', 'Bearer  ']) {
      const answer = await server.ask({ method: 'POST', url: '/api/v1/login-links', headers: { authorization } })
      expect([authorization, answer.statusCode]).toEqual([authorization, 401])
    }
    await expect(server.farm.access.admitToken('admin', '', 'admin')).rejects.toThrow(
      'the token admin has 0 characters',
    )
    const session = await server.ask({ method: 'POST', url: '/api/v1/login-links', cookies: { rumpfarm_session: '' } })
    expect(session.statusCode).toBe(401)
  },
)

serverTest('a trigger token can only start builds, and the server refuses a revoked token', async ({ server }) => {
  await server.configure()
  const made = await server.post('/api/v1/tokens', { name: 'nightly', scope: 'trigger' })
  expect(made.statusCode).toBe(201)
  const { token } = made.json()
  const trigger = () => server.post('/api/v1/projects/sample/builds', {}, bearer(token))
  expect((await trigger()).statusCode).toBe(201)

  const more = await server.post('/api/v1/hosts/invitations', { name: 'sun' }, bearer(token))
  expect(more.statusCode).toBe(403)
  expect(more.json()).toMatchObject({
    type: 'urn:rumpfarm:problem:not-allowed',
    detail: expect.stringContaining('nightly'),
  })
  expect((await server.post('/api/v1/tokens', { name: 'nightly' })).json().type).toMatch(/token-name-taken$/)

  const revoke = () => server.ask({ method: 'DELETE', url: '/api/v1/tokens/nightly', headers: bearer(adminToken) })
  const revoked = await revoke()
  expect([revoked.statusCode, revoked.body]).toEqual([204, ''])
  expect((await revoke()).statusCode).toBe(404)
  expect((await trigger()).statusCode).toBe(401)

  const listed = await server.ask({ url: '/api/v1/tokens', headers: bearer(adminToken) })
  const at = '2024-05-06T07:08:09.000Z'
  expect(listed.json().items).toEqual([
    { name: 'admin', scope: 'admin', createdAt: at, lastUsedAt: at, revokedAt: null },
    { name: 'nightly', scope: 'trigger', createdAt: at, lastUsedAt: at, revokedAt: at },
  ])
  expect((await server.ask('/api/v1/tokens')).statusCode).toBe(401)
})

serverTest('when an administrator revokes a token, the sessions of the token end', async ({ server }) => {
  const { token } = (await server.post('/api/v1/tokens', { name: 'ops', scope: 'admin' })).json()
  const link = (await server.post('/api/v1/login-links', {}, bearer(token))).json()
  const cookies = cookieOf(await server.ask({ method: 'POST', url: new URL(link.url).pathname }))
  const kind = async () => (await server.app.access.visitorOf({ cookies } as never)).kind
  expect(await kind()).toBe('administrator')
  await server.ask({ method: 'DELETE', url: '/api/v1/tokens/ops', headers: bearer(adminToken) })
  expect(await kind()).toBe('anyone')
})

serverTest('a login link signs one browser in, and stays valid if its page is only loaded', async ({ server }) => {
  const { url, expiresAt } = (await server.post('/api/v1/login-links')).json()
  expect(expiresAt).toBe('2024-05-06T07:18:09.000Z')
  const path = new URL(url).pathname
  const look = await server.ask(path)
  expect(look.body).toContain(`<form method="post" action="${path}"><button type="submit">Sign in`)
  expect(look.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
  expect(look.cookies).toEqual([])

  const used = await server.ask({ method: 'POST', url: path })
  expect([used.statusCode, used.headers.location]).toEqual([303, '/'])
  expect(used.cookies).toMatchObject([{ name: 'rumpfarm_session', httpOnly: true, sameSite: 'Lax', path: '/' }])
  expect(used.cookies[0]).not.toHaveProperty('secure')
  const again = await server.ask({ method: 'POST', url: path })
  expect([again.statusCode, again.cookies]).toEqual([410, []])
})

serverTest('a login link is valid for ten minutes, and a session is valid for a week', async ({ server }) => {
  const link = async () => new URL((await server.post('/api/v1/login-links')).json().url).pathname
  const late = await link()
  server.wait(601)
  expect((await server.ask({ method: 'POST', url: late })).statusCode).toBe(410)

  const cookies = cookieOf(await server.ask({ method: 'POST', url: await link() }))
  const visit = () => server.ask({ method: 'POST', url: '/api/v1/login-links', cookies })
  expect((await visit()).json().type).toMatch(/form-expired$/)
  server.wait(7 * 24 * 3600 + 1)
  expect((await visit()).json().type).toMatch(/not-signed-in$/)
})

serverTest('a session can make changes only with its own form token', async ({ server }) => {
  const signIn = async () => {
    const path = new URL((await server.post('/api/v1/login-links')).json().url).pathname
    return cookieOf(await server.ask({ method: 'POST', url: path }))
  }
  const [mine, theirs] = [await signIn(), await signIn()]
  const csrf = async (cookies: Record<string, string>) => {
    const visitor = await server.app.access.visitorOf({ cookies } as never)
    return visitor.kind === 'administrator' ? visitor.csrf : ''
  }
  const invite = (cookies: Record<string, string>, formToken: string | undefined) => {
    const headers = formToken === undefined ? {} : { 'x-csrf-token': formToken }
    return server.ask({ method: 'POST', url: '/api/v1/hosts/invitations', payload: { name: 'sun' }, cookies, headers })
  }

  expect((await invite(mine, undefined)).statusCode).toBe(403)
  expect((await invite(mine, await csrf(theirs))).statusCode).toBe(403)
  expect((await invite(mine, await csrf(mine))).statusCode).toBe(201)

  const leave = (payload: string) =>
    server.ask({
      method: 'POST',
      url: '/logout',
      payload,
      cookies: mine,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  expect((await leave('_csrf=x')).statusCode).toBe(403)
  expect((await leave(`_csrf=${'é'.repeat((await csrf(mine)).length)}`)).statusCode).toBe(403)
  const left = await leave(`_csrf=${await csrf(mine)}`)
  expect([left.statusCode, left.cookies[0]?.value]).toEqual([303, ''])
  expect((await invite(mine, 'x')).json().type).toMatch(/not-signed-in$/)
})

// With SameSite=Lax, a browser sends another site's form without the cookie. The answer must not remove the cookie.
serverTest('another site cannot sign a browser out', async ({ server }) => {
  const signOut = (cookies: Record<string, string>) => server.ask({ method: 'POST', url: '/logout', cookies })
  expect((await signOut({})).cookies).toEqual([])
  expect((await signOut({ rumpfarm_session: 'ended' })).cookies).toMatchObject([
    { name: 'rumpfarm_session', value: '' },
  ])
})

serverTest('if the farm has an https address, browsers send the session cookie only over https', async ({ server }) => {
  const { url } = (await server.post('/api/v1/login-links')).json()
  const config = { ...server.config, publicUrl: 'https://farm.example' }
  const app = await server.open({ config })
  const used = await app.inject({ method: 'POST', url: new URL(url).pathname })
  await app.close()

  expect(used.cookies).toMatchObject([{ secure: true }])
})
