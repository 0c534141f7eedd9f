import Fastify, { type FastifyServerOptions } from 'fastify'
import { expect, test } from 'vitest'
import { nearest } from './app.ts'
import { serverTest, type TestServer } from './server.fixture.ts'

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

type Called = Partial<Pick<TestServer['config'], 'host' | 'publicUrl'>>

/** Opens a server. `statuses` sends requests with a Host header for each audience, and returns the statuses. */
async function serverCalled(server: TestServer, config: Called) {
  const app = await server.open({ config: { ...server.config, ...config } })
  const statuses = async (host: string) => {
    const answers = []
    for (const url of ['/robots.txt', '/api/v1/nothing', '/agent.sh', '/agent/v1/hello', '/healthz'])
      answers.push((await app.inject({ url, headers: { host } })).statusCode)
    return answers
  }
  return { statuses, close: () => app.close() }
}

const answered = [200, 404, 200, 200, 200]
const refused = [421, 421, 421, 200, 421] // the agent protocol has the error in the body

serverTest('a server that listens on a loopback address refuses a foreign Host header', async ({ server }) => {
  const { statuses, close } = await serverCalled(server, { host: '127.0.0.1' })
  expect(await statuses('evil.example:8080')).toEqual(refused)
  expect(await statuses('localhost:8080')).toEqual(answered)
  await close()
})

serverTest('a server that listens on a loopback address also answers to the name of PUBLIC_URL', async ({ server }) => {
  const { statuses, close } = await serverCalled(server, { host: '127.0.0.1', publicUrl: 'https://farm.example' })
  expect(await statuses('farm.example')).toEqual(answered)
  expect(await statuses('evil.example')).toEqual(refused)
  await close()
})

serverTest('a server that listens on 0.0.0.0 answers to every name', async ({ server }) => {
  const { statuses, close } = await serverCalled(server, { host: '0.0.0.0' })
  expect(await statuses('any.example')).toEqual(answered)
  await close()
})

const long = 'x'.repeat(5000)

serverTest(
  'a malformed or too long address is answered in the format of its route: page, API or agent',
  async ({ server }) => {
    await server.configure()
    const answers = []
    for (const url of [
      '/%',
      '/hosts/%',
      '/hosts/a%00b',
      '/?project=%00',
      '/builds?before=%00',
      `/hosts/${long}`,
      '/api/v1/hosts/%zz',
      '/api/v1/jobs?host=%00',
      `/api/v1/hosts/${long}`,
      '/webhooks/%',
      '/agent/v1/%',
      '/agent/v1/attempts/%00/progress',
    ]) {
      const { statusCode, headers, body } = await server.ask({ url, headers: { accept: 'text/html,*/*;q=0.8' } })
      answers.push([url.replace(long, 'LONG'), statusCode, headers['content-type']?.toString().split(';')[0]])
      expect(body).toMatch(
        statusCode === 414
          ? /part of the address is longer than 200 characters/
          : /he address is malformed: two hexadecimal digits must follow a %, and %00 is not allowed/,
      )
      if (url.startsWith('/agent/v1/')) expect(body).toMatch(/^err 400 .*\nend\n$/)
      else expect(headers['x-content-type-options']).toBe('nosniff')
    }
    const [page, problem, line] = ['text/html', 'application/problem+json', 'text/plain']
    expect(answers).toEqual([
      ['/%', 400, page],
      ['/hosts/%', 400, page],
      ['/hosts/a%00b', 400, page],
      ['/?project=%00', 400, page],
      ['/builds?before=%00', 400, page],
      ['/hosts/LONG', 414, page],
      ['/api/v1/hosts/%zz', 400, problem],
      ['/api/v1/jobs?host=%00', 400, problem],
      ['/api/v1/hosts/LONG', 414, problem],
      ['/webhooks/%', 400, problem],
      ['/agent/v1/%', 200, line],
      ['/agent/v1/attempts/%00/progress', 200, line],
    ])
  },
)
