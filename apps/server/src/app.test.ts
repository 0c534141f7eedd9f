import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { nearest } from './app.ts'

test.each([
  { proxies: 1, forwarded: '127.0.0.1, 192.0.2.9', ip: '192.0.2.9' },
  { proxies: 1, forwarded: '192.0.2.9', ip: '192.0.2.9' },
  { proxies: 2, forwarded: '127.0.0.1, 192.0.2.9, 10.0.0.7', ip: '192.0.2.9' },
])('behind $proxies proxies, X-Forwarded-For: $forwarded comes from $ip', async ({ proxies, forwarded, ip }) => {
  const app = Fastify({ trustProxy: nearest(proxies) })
  app.get('/', async request => request.ip)
  const headers = { 'x-forwarded-for': forwarded }
  const answer = await app.inject({ url: '/', headers, remoteAddress: '10.0.0.1' })
  await app.close()
  expect(answer.body).toBe(ip)
})
