import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { refuseForeignNames } from './names.ts'

test.each([
  ['127.0.0.1', undefined, 'localhost:8080', 200],
  ['127.0.0.1', undefined, '127.0.0.1:8080', 200],
  ['127.0.0.1', undefined, '[::1]:8080', 200],
  ['::1', undefined, 'LOCALHOST', 200],
  ['127.0.0.1', undefined, 'evil.example:8080', 421],
  ['localhost', undefined, '127.0.0.1.evil.example', 421],
  ['127.0.0.1', 'https://farm.example.org', 'farm.example.org', 200],
  ['127.0.0.1', 'https://farm.example.org', 'evil.example', 421],
  ['0.0.0.0', undefined, 'any.name', 200],
])('a farm that listens on %s, called %s, answers a request to %s with %i', async (host, publicUrl, asked, status) => {
  const app = Fastify()
  refuseForeignNames(app, { host, publicUrl })
  app.get('/', async () => 'here')
  const answer = await app.inject({ url: '/', headers: { host: asked } })
  await app.close()
  expect(answer.statusCode).toBe(status)
})
