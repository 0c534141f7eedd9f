import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface ReceivedRequest {
  method: string
  path: string
  headers: Record<string, string>
  body: string
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  body?: string | object
}

/** An HTTP server for the duration of the test. It keeps all requests. */
export async function startReceiver(answer: (request: ReceivedRequest) => Answer) {
  const requests: ReceivedRequest[] = []
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '', headers } = request
    const received = { method, path, headers: headers as Record<string, string>, body: await text(request) }
    requests.push(received)
    const { status, headers: more = {}, body = '' } = answer(received)
    response.writeHead(status, more).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(closed => server.close(closed))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}
