import Fastify, { type InjectOptions } from 'fastify'
import { expect, test } from 'vitest'
import { refuseEarly } from '../early-refusals.ts'
import { checkHost, isLoopback, readHost } from './host-header.ts'

async function ask(config: { host: string; publicUrl: string | undefined }, request: InjectOptions) {
  const app = Fastify()
  app.decorate('publicPath', '')
  checkHost(app, config, refuseEarly)
  app.get('/*', async () => 'here')
  const answer = await app.inject(request)
  await app.close()
  return answer
}

test.each([
  ['127.0.0.1', undefined, 'localhost:8080', 200],
  ['127.0.0.1', undefined, '127.0.0.1:8080', 200],
  ['127.0.0.1', undefined, '[::1]:8080', 200],
  ['::1', undefined, 'LOCALHOST', 200],
  ['127.0.0.1', undefined, 'evil.example:8080', 421],
  ['::ffff:127.0.0.1', undefined, 'evil.example:8080', 421],
  ['127.0.0.1', undefined, 'localhost.evil.example', 421],
  ['localhost', undefined, '127.0.0.1.evil.example', 421],
  ['127.0.0.1', 'https://farm.example.org', 'farm.example.org', 200],
  ['127.0.0.1', 'https://farm.example.org', 'Farm.example.org.:443', 200],
  ['127.0.0.1', 'https://farm.example.org', 'evil.example', 421],
  ['0.0.0.0', undefined, 'any.name', 200],
  ['0.0.0.0', undefined, 'a:b', 400],
  ['0.0.0.0', 'https://farm.example.org', 'farm.example.org:0', 400],
])('a farm on %s with PUBLIC_URL %s answers a request to %s with %i', async (host, publicUrl, name, status) => {
  expect((await ask({ host, publicUrl }, { url: '/', headers: { host: name } })).statusCode).toBe(status)
})

test.each([
  ['/', 'text/html; charset=utf-8'],
  ['/api/v1/builds', 'application/problem+json'],
  ['/agent/v1/hello', 'text/plain; charset=utf-8'],
])('the server refuses a wrong Host header for %s with an answer of type %s', async (url, type) => {
  const headers = { host: 'evil.example', accept: 'text/html,*/*;q=0.8' }
  const answer = await ask({ host: '127.0.0.1', publicUrl: undefined }, { url, headers })
  expect(answer.headers['content-type']).toBe(type)
  expect(answer.body).toMatch(/does not answer to this name: use http:\/\/localhost, or set PUBLIC_URL/)
})

test.each([
  ['build_farm:8080', 'build_farm', 'build_farm:8080'],
  ['Farm.Example', 'farm.example', 'Farm.Example'],
  ['farm.example.:80', 'farm.example.', 'farm.example.:80'],
  ['farm.example:', 'farm.example', 'farm.example'],
  ['192.0.2.1:65535', '192.0.2.1', '192.0.2.1:65535'],
  ['[::1]:8080', '[::1]', '[::1]:8080'],
  ['[2001:DB8::1]', '[2001:db8::1]', '[2001:DB8::1]'],
])('the header %s names the host %s', (header, name, host) => {
  expect(readHost(header)).toEqual({ name, host })
})

test.each([
  '',
  ' ',
  'a b',
  'a:b',
  'a:0',
  'a:99999',
  'a:80:80',
  'a:-1',
  'me@farm.example',
  'me:pw@farm.example',
  '::1',
  '[::1',
  '[]',
  '[::1]x',
  '[fe80::1%25eth0]',
  '[fe80::1%eth0]',
  '[127.0.0.1]',
  'a..b',
  '.a',
  '-a',
  'a/b',
  'a?b',
  'a#b',
  "x';rm -rf'",
  '$(id)',
  'fárm',
  'a'.repeat(254),
])('the header "%s" names no host', header => expect(readHost(header)).toBeUndefined())

test.each([
  ['localhost', true],
  ['LocalHost.', true],
  ['127.9.9.9', true],
  ['[::1]', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['127.0.0.1.example', false],
  ['0.0.0.0', false],
  ['[::]', false],
  ['192.168.0.1', false],
])('for the host %s, isLoopback returns %s', (name, own) => expect(isLoopback(name)).toBe(own))
