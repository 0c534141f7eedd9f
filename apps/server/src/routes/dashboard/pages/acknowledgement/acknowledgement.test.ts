import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../../../server.fixture.ts'

/** Signs an administrator in. Returns a function that sends a form with the token of the session. */
async function signedIn(server: TestServer) {
  const { url } = (await server.post('/api/v1/login-links')).json()
  const used = await server.ask({ method: 'POST', url: new URL(url).pathname })
  const cookie = String(used.headers['set-cookie']).split(';')[0] ?? ''
  const page = await server.ask({ url: '/hosts/new', headers: { cookie } })
  const [, csrf = ''] = /name="_csrf" value="([^"]+)"/.exec(page.body) ?? []
  return (path: string, fields: Record<string, string>) =>
    server.ask({
      method: 'POST',
      url: path,
      payload: new URLSearchParams({ _csrf: csrf, ...fields }).toString(),
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    })
}

serverTest('an administrator acknowledges a failure with a form, and ends the acknowledgement', async ({ server }) => {
  await server.configure()
  const vax = await server.host('vax')
  await server.build()
  await vax.end(await vax.take('1.1'), { exits: [2] })
  const send = await signedIn(server)
  const cell = { project: 'sample', branch: 'main', host: 'vax', arch: 'amd64', variant: 'default', fingerprint: '' }
  const text = { note: 'the disk is slow', owner: 'Ada', link: '', days: '7', back: '/jobs/1' }
  const list = async () => (await server.ask('/api/v1/projects/sample/acknowledgements')).json().items

  const added = await send('/acknowledgements', { ...cell, ...text })
  expect([added.statusCode, added.headers.location]).toEqual([303, '/jobs/1'])
  expect(await list()).toMatchObject([{ id: 1, host: 'vax', owner: 'Ada', link: null }])
  expect((await send('/acknowledgements/1/end', { back: '//elsewhere.example' })).headers.location).toBe('/')
  expect(await list()).toEqual([])

  for (const wrong of [{ days: '0' }, { days: 'x' }, { owner: ' ' }, { link: 'javascript:1' }, { host: 'sun' }]) {
    const refused = await send('/acknowledgements', { ...cell, ...text, ...wrong })
    expect([wrong, refused.statusCode]).toEqual([wrong, 409])
  }
  const stranger = await server.ask({ method: 'POST', url: '/acknowledgements', payload: {} })
  expect(stranger.statusCode).toBeGreaterThanOrEqual(400)
  expect(await list()).toEqual([])
})
