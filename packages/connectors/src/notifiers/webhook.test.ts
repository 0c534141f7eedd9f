import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { makeGuard } from './guard.ts'
import { postWebhook } from './webhook.ts'

const guard = makeGuard({ allowPrivate: true })
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** Starts a receiver, sends it a message, and returns the result. */
async function post(answer: (request: IncomingMessage, response: ServerResponse) => void, seconds = 10) {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=s3cret`
  try {
    return await postWebhook({ url, secret, id: 'msg-1', body: { type: 'host.silent', host: 'vax' }, seconds, guard })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const answering = (status: number, headers = {}) =>
  post((request, response) => request.resume().on('end', () => response.writeHead(status, headers).end('hello')))

test('a message is JSON with a Standard Webhooks signature', async () => {
  let received: { body: string; headers: Record<string, string>; method: string | undefined } | undefined
  const delivery = await post(async (request, response) => {
    received = { body: await text(request), headers: request.headers as Record<string, string>, method: request.method }
    response.end()
  })
  expect(delivery).toEqual({ kind: 'delivered' })
  expect(received?.method).toBe('POST')
  expect(received?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'msg-1' })
  expect(new Webhook(secret).verify(received?.body ?? '', received?.headers ?? {})).toEqual({
    type: 'host.silent',
    host: 'vax',
  })
  const other = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`)
  expect(() => other.verify(received?.body ?? '', received?.headers ?? {})).toThrow()
})

test.each([
  [204, { kind: 'delivered' }],
  [404, { kind: 'failed', problem: 'it answered with status 404', permanent: false }],
  [410, { kind: 'failed', problem: 'it answered with status 410', permanent: true }],
  [503, { kind: 'failed', problem: 'it answered with status 503', permanent: false }],
])('if the receiver answers with the status %i, the notifier returns the right result', async (status, delivery) =>
  expect(await answering(status)).toEqual(delivery),
)

test.each([301, 302, 303, 307, 308])('the notifier does not follow a redirect (%i)', async status => {
  let followed = false
  const delivery = await post((request, response) => {
    if (request.url === '/inside') followed = true
    response.writeHead(status, { location: '/inside' }).end()
  })
  const problem = `it answered with status ${status}: the farm follows no redirect`
  expect([delivery, followed]).toEqual([{ kind: 'failed', problem, permanent: false }, false])
})

test('an endless answer of the receiver does not delay the notifier', async () => {
  let closed: Promise<void> | undefined
  const delivery = await post((_request, response) => {
    closed = new Promise(resolve => response.on('close', resolve))
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      if (!response.destroyed) response.once('drain', more)
    }
    response.writeHead(200)
    more()
  })
  expect(delivery).toEqual({ kind: 'delivered' })
  await closed
})

test('at the time limit, the notifier stops waiting for the receiver', async () => {
  expect(await post(() => {}, 0.2)).toEqual({
    kind: 'failed',
    problem: 'it did not answer within 0.2 s',
    permanent: false,
  })
})

test('an error about the receiver does not contain its address', async () => {
  const server = createTcpServer(socket => socket.end('220 mail.example ready\r\n'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const other = await postWebhook({ url: `http://127.0.0.1:${port}/s3cret`, secret, id: 'x', body: {}, guard })
  server.close()
  expect(other).toEqual({ kind: 'failed', problem: 'its answer is not HTTP', permanent: false })
  const gone = await postWebhook({ url: 'http://127.0.0.1:2/s3cret', secret, id: 'x', body: {}, guard })
  expect(gone).toEqual({ kind: 'failed', problem: 'it cannot be reached (ECONNREFUSED)', permanent: false })
})
