import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { publicUrlOf, withoutPublicPath } from './public-url.ts'

test.each([
  ['build_farm:8080', 'http://build_farm:8080'],
  ['[::1]:8080', 'http://[::1]:8080'],
  ['farm.example', 'http://farm.example'],
  [`x';rm -rf'`, 'http://localhost'],
])('a request to %s calls the farm %s', async (host, url) => {
  const app = Fastify()
  app.get('/', async request => publicUrlOf({ publicUrl: undefined }, request))
  const answer = await app.inject({ url: '/', headers: { host } })
  await app.close()
  expect(answer.body).toBe(url)
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
])('below "%s" the address %s is for the route %s', (publicPath, asked, route) => {
  expect(withoutPublicPath(publicPath, top => top === 'builds')(asked)).toBe(route)
})
