import { expect, test } from 'vitest'
import { serverTest } from '../../../../server.fixture.ts'
import { renderInvitationPage } from './invitation-page.tsx'

const visit = { at: new Date(), admin: true, csrf: 'x', path: '/', publicPath: '', configErrors: [] }
const readFirst = { sha256: 'x', commands: [] }
const invitation = { hostName: 'vax', token: 'rfi-x', expiresAt: new Date(), line: 'curl', readFirst, signedLine: null }
const warning =
  /<p class="banner" role="note"><strong>Only the server(?:&#39;|')s own machine can reach (.*?)\.<\/strong>/

test.each(['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:8080', 'http://localhost:80/farm'])(
  'an invitation with the address %s warns that other machines cannot use this address',
  farmUrl => {
    const page = renderInvitationPage(visit, { ...invitation, farmUrl })
    expect(warning.exec(page)?.[1]).toBe(farmUrl)
    expect(page).toContain('<code>HOST=0.0.0.0 PUBLIC_URL=http://NAME:PORT</code>')
  },
)

test.each(['http://192.0.2.1:8080', 'https://farm.example/127.0.0.1', 'http://localhost.example'])(
  'an invitation with the address %s has no warning',
  farmUrl => expect(renderInvitationPage(visit, { ...invitation, farmUrl })).not.toMatch(/own machine|PUBLIC_URL/),
)

serverTest('the invitation contains the address at which the administrator reaches the farm', async ({ server }) => {
  const { url } = (await server.post('/api/v1/login-links')).json()
  const login = await server.ask({ method: 'POST', url: new URL(url).pathname })
  const cookies = Object.fromEntries(login.cookies.map(({ name, value }) => [name, value]))
  const form = await server.ask({ url: '/hosts/new', cookies })
  const [, csrf = ''] = /name="_csrf" value="([^"]+)"/.exec(form.body) ?? []
  const invite = async (host: string) => {
    const headers = { host, 'content-type': 'application/x-www-form-urlencoded' }
    const payload = new URLSearchParams({ _csrf: csrf, name: 'vax' }).toString()
    return (await server.ask({ method: 'POST', url: '/hosts/new', cookies, headers, payload })).body
  }
  const local = await invite('127.0.0.1:8080')
  expect(local).toContain('curl -fsS http://127.0.0.1:8080/agent.sh')
  expect(local).toMatch(warning)
  const remote = await invite('farm.example')
  expect(remote).toContain('curl -fsS http://farm.example/agent.sh')
  expect(remote).not.toMatch(warning)
})
