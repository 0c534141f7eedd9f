import Fastify, { type FastifyServerOptions } from 'fastify'
import { expect, test } from 'vitest'
import { nearest } from './app.ts'

async function ipOf(
  trustProxy: NonNullable<FastifyServerOptions['trustProxy']>,
  forwarded: string,
  remoteAddress: string,
) {
  const app = Fastify({ trustProxy })
  app.get('/', async request => request.ip)
  const answer = await app.inject({ url: '/', headers: { 'x-forwarded-for': forwarded }, remoteAddress })
  await app.close()
  return answer.body
}

test.each([
  { proxies: 1, forwarded: '127.0.0.1, 192.0.2.9', ip: '192.0.2.9' },
  { proxies: 1, forwarded: '192.0.2.9', ip: '192.0.2.9' },
  { proxies: 2, forwarded: '127.0.0.1, 192.0.2.9, 10.0.0.7', ip: '192.0.2.9' },
])(
  'behind $proxies proxies, a request with X-Forwarded-For: $forwarded comes from $ip',
  async ({ proxies, forwarded, ip }) => {
    expect(await ipOf(nearest(proxies), forwarded, '10.0.0.1')).toBe(ip)
  },
)

test('the server trusts only the proxies in its list', async () => {
  expect(await ipOf(['10.0.0.1'], '127.0.0.1, 192.0.2.9', '10.0.0.1')).toBe('192.0.2.9')
  expect(await ipOf(['10.0.0.1'], '127.0.0.1', '192.0.2.9')).toBe('192.0.2.9')
})
