import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { answerBadHttp } from './bad-http.ts'
import { limitRates } from './rate-limits.ts'

test('if the client has already closed the connection, the rate limit causes no error', async () => {
  const app = Fastify()
  // A closed socket has no address.
  app.addHook(
    'onRequest',
    async ({ raw }) => void Object.defineProperty(raw.socket, 'remoteAddress', { value: undefined }),
  )
  await limitRates(app, 'pages')
  app.get('/', async () => 'ok')
  const answer = await app.inject('/')
  await app.close()
  expect([answer.statusCode, answer.body]).toEqual([200, 'ok'])
})

test.each([
  ['data that is not HTTP', 'GET\r\n\r\n', /^HTTP\/1.1 400 .*this is not HTTP/s],
  [
    'a request with large headers',
    `GET / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`,
    /^HTTP\/1.1 431 .*more than 16 KB/s,
  ],
])('the server refuses %s with an explanation', async (_what, sent, expected) => {
  const app = Fastify({ clientErrorHandler: answerBadHttp })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8')
  let answer = ''
  socket.on('data', text => {
    answer += text
  })
  socket.write(sent)
  await once(socket, 'close')
  await app.close()
  expect(answer).toMatch(expected)
  expect(answer).toContain('Connection: close\r\n')
})
