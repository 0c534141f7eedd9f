import { Readable } from 'node:stream'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { serverTest } from '../server.fixture.ts'
import { compressAnswers } from './compression.ts'
import { weakEtags } from './etag.ts'

const long = 'a line of a page\n'.repeat(100)

function appWith(type = 'text/html; charset=utf-8', headers: Record<string, string> = {}) {
  const app = Fastify()
  app.decorateRequest('visitor', null as never)
  if (headers['cache-control'] === undefined) weakEtags(app)
  compressAnswers(app)
  app.get('/', (_request, reply) => reply.type(type).headers(headers).send(long))
  app.get('/short', (_request, reply) => reply.type(type).send('short'))
  app.get('/stream', (_request, reply) => reply.type(type).send(Readable.from([long])))
  return app
}

test.each([
  ['br', 'br'],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip, deflate', 'gzip'],
  ['gzip;q=1.0, br;q=0.5', 'br'],
  ['br;q=0, gzip', 'gzip'],
  ['deflate', undefined],
  ['identity', undefined],
  ['', undefined],
])('a client that accepts "%s" receives the coding %s', async (accepted, coding) => {
  const { headers, rawPayload } = await appWith().inject({ url: '/', headers: { 'accept-encoding': accepted } })
  expect(headers['content-encoding']).toBe(coding)
  expect(headers.vary).toBe('Accept, Accept-Encoding')
  expect(Number(headers['content-length'])).toBe(rawPayload.length)
  const read = coding === 'br' ? brotliDecompressSync : coding === 'gzip' ? gunzipSync : (bytes: Buffer) => bytes
  expect(read(rawPayload).toString()).toBe(long)
})

const br = { 'accept-encoding': 'br' }

describe('the server does not compress', () => {
  test.each([
    ['a short text', '/short', undefined, {}],
    ['a stream', '/stream', undefined, {}],
    ['bytes', '/', 'application/octet-stream', {}],
    ['a picture', '/', 'image/png', {}],
    ['events', '/', 'text/event-stream', {}],
    ['an answer with a secret', '/', undefined, { 'cache-control': 'no-store' }],
    ['an answer with ranges', '/', 'text/plain', { 'accept-ranges': 'bytes' }],
  ] as const)('%s', async (_, url, type, headers) => {
    const answer = await appWith(type, headers).inject({ url, headers: br })
    expect(answer.headers).not.toHaveProperty('content-encoding')
  })
})

test('each coding has the same weak ETag, and an unchanged answer is an empty 304', async () => {
  const app = appWith()
  const answers = await Promise.all(
    ['br', 'gzip', ''].map(coding => app.inject({ url: '/', headers: { 'accept-encoding': coding } })),
  )
  const etags = new Set(answers.map(({ headers }) => headers.etag))
  expect([...etags]).toEqual([expect.stringMatching(/^W\//)])
  const again = await app.inject({ url: '/', headers: { ...br, 'if-none-match': String([...etags][0]) } })
  expect([again.statusCode, again.body, again.headers['content-encoding']]).toEqual([304, '', undefined])
  expect(again.headers.vary).toBe('Accept, Accept-Encoding')
})

test('a strong ETag becomes weak, because it is for one coding only', async () => {
  const { headers } = await appWith('text/plain', { etag: '"x"' }).inject({ url: '/', headers: br })
  expect(headers.etag).toMatch(/^W\//)
})

serverTest('pages and lists are compressed; logs and the pages of administrators are not', async ({ server }) => {
  await server.configure()
  const host = await server.host('vax')
  await server.build()
  const offer = await host.take('1.1')
  await host.say(offer, long)
  const codingOf = async (url: string, headers = {}) =>
    (await server.ask({ url, headers: { ...br, ...headers } })).headers['content-encoding']
  for (const url of ['/', '/jobs/1', '/api/v1/openapi.json', '/api/v1/docs'])
    expect([url, await codingOf(url)]).toEqual([url, 'br'])
  for (const url of ['/api/v1/jobs/1/log', '/api/v1/builds?format=ndjson', '/healthz'])
    expect([url, await codingOf(url)]).toEqual([url, undefined])
  const link = await server.post('/api/v1/login-links')
  const login = await server.ask({ method: 'POST', url: new URL(link.json().url).pathname })
  const cookie = String(login.headers['set-cookie']).split(';')[0]
  expect(await codingOf('/', { cookie })).toBe(undefined)
})
