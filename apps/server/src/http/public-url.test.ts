import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { publicUrlOf, withoutPublicPath } from './public-url.ts'

test.each([
  ['build_farm:8080', 'http://build_farm:8080'],
  ['[::1]:8080', 'http://[::1]:8080'],
  ['farm.example', 'http://farm.example'],
  [`x';rm -rf'`, 'http://localhost'],
])('for a request to %s the address of the farm is %s, even with an X-Forwarded-Host header', async (host, url) => {
  const app = Fastify({ trustProxy: true })
  app.get('/', async request => publicUrlOf({ publicUrl: undefined }, request))
  const answer = await app.inject({ url: '/', headers: { host, 'x-forwarded-host': 'evil.example' } })
  await app.close()
  expect(answer.body).toBe(url)
})

test('for an HTTP/1.0 request without a Host header, the farm uses the address that received the request', async () => {
  const app = Fastify()
  app.get('/', async request => publicUrlOf({ publicUrl: undefined }, request))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1').end('GET / HTTP/1.0\r\n\r\n')
  expect(await text(socket)).toMatch(new RegExp(`\r\n\r\nhttp://127.0.0.1:${port}$`))
  await app.close()
})

test.each([
  ['/farm', '/farm', '/'],
  ['/farm', '/farm/', '/'],
  ['/farm', '/farm?project=x', '/?project=x'],
  ['/farm', '/farm/builds/7?before=1', '/builds/7?before=1'],
  ['/farm', '/builds/7', '/builds/7'],
  ['/farm', '/farmer', '/farmer'],
  ['/ci/farm', '/ci/farm/hosts', '/hosts'],
  ['/builds', '/builds/7', '/builds/7'],
  ['', '/builds/7', '/builds/7'],
])('with the public path "%s", a request for %s reaches the route %s', (publicPath, url, route) => {
  expect(withoutPublicPath(publicPath, top => top === 'builds')(url)).toBe(route)
})
