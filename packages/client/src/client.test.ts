import { EventEmitter, once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, expect, test } from 'vitest'
import { bulk, events, farmClient, items, patientFetch, Refusal, Unreachable } from './index.ts'

const servers: ReturnType<typeof createServer>[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

/** Starts a server and returns its address. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answerJson: (status: number, body: object, type?: string) => RequestListener =
  (status, body, type = 'application/json') =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
  }

test('a request has the token and the parameters of its operation', async () => {
  const seen: unknown[] = []
  const url = await serve((request, response) => {
    seen.push(request.method, request.url, request.headers.authorization)
    answerJson(201, { attempts: 1 })(request, response)
  })
  const client = farmClient({ url: `${url}/farm`, token: 'rft-x' })
  const cancelled = await client.post('/api/v1/jobs/{id}/cancel', { params: { path: { id: 12 } } })
  expect(cancelled.attempts).toBe(1)
  expect(seen).toEqual(['POST', '/farm/api/v1/jobs/12/cancel', 'Bearer rft-x'])
})

test('a problem of the farm is a Refusal with the text and the kind of the problem', async () => {
  const problem = {
    type: 'urn:rumpfarm:problem:unknown-project',
    title: 'Unknown project',
    status: 404,
    detail: 'there is no project smaple; the farm has: sample',
    instance: '/api/v1/projects/smaple',
    known: ['sample'],
  }
  const client = farmClient({ url: await serve(answerJson(404, problem, 'application/problem+json')) })
  const refused = await client.get('/api/v1/projects/{name}', { params: { path: { name: 'smaple' } } }).catch(e => e)
  expect(refused).toBeInstanceOf(Refusal)
  expect(refused).toMatchObject({ message: problem.detail, status: 404, kind: 'unknown-project', problem })
})

test('an error answer of a proxy is a Refusal without a problem', async () => {
  const url = await serve((_request, response) => void response.writeHead(502, 'Bad Gateway').end('<html>'))
  const refused = await farmClient({ url })
    .get('/api/v1/builds')
    .catch(error => error)
  expect(refused).toBeInstanceOf(Refusal)
  expect(refused).toMatchObject({ message: 'Bad Gateway', status: 502, kind: undefined, problem: undefined })
})

test('if no server answers, the error names the address and the cause', async () => {
  const client = farmClient({ url: 'http://127.0.0.1:1' })
  const error = await client.get('/api/v1/builds').catch(error => error)
  expect(error).toBeInstanceOf(Unreachable)
  expect(error.message).toMatch(/^no farm answers at http:\/\/127\.0\.0\.1:1 \(.+\)$/)
})

test('a patient client repeats a GET that a busy farm refuses, but sends a POST only once', async () => {
  const asked: string[] = []
  const url = await serve((request, response) => {
    asked.push(request.method ?? '')
    if (asked.length === 1) return void response.writeHead(503, { 'retry-after': '0' }).end()
    if (request.method === 'GET') return answerJson(200, { items: [], next: null })(request, response)
    response.writeHead(503, { 'retry-after': '0' }).end()
  })
  const client = farmClient({ url, fetch: patientFetch() })
  expect((await client.get('/api/v1/builds')).items).toEqual([])
  await expect(client.post('/api/v1/jobs/{id}/cancel', { params: { path: { id: 12 } } })).rejects.toMatchObject({
    status: 503,
  })
  expect(asked).toEqual(['GET', 'GET', 'POST'])
})

test('a patient client gives up after some repeats, with the last answer', async () => {
  let requests = 0
  const url = await serve((_request, response) => {
    requests += 1
    response.writeHead(429, { 'retry-after': '0' }).end()
  })
  const client = farmClient({ url, fetch: patientFetch({ repeats: 2 }) })
  await expect(client.get('/api/v1/builds')).rejects.toMatchObject({ status: 429 })
  expect(requests).toBe(3)
})

test('`items` reads all pages, and keeps the filter on each page', async () => {
  const asked: string[] = []
  const url = await serve((request, response) => {
    asked.push(request.url ?? '')
    const second = request.url?.includes('cursor=Mg')
    const body = second ? { items: [{ id: 1 }], next: null } : { items: [{ id: 3 }, { id: 2 }], next: '/x?cursor=Mg' }
    answerJson(200, body)(request, response)
  })
  const ids: number[] = []
  for await (const { id } of items(farmClient({ url }), '/api/v1/builds', { query: { project: 'sample' } }))
    ids.push(id)
  expect(ids).toEqual([3, 2, 1])
  expect(asked).toEqual(['/api/v1/builds?project=sample', '/api/v1/builds?project=sample&cursor=Mg'])
})

test('`items` requests the next page only when the caller needs it', async () => {
  let requests = 0
  const url = await serve((request, response) => {
    requests += 1
    answerJson(200, { items: [{ id: 1 }], next: '/x?cursor=MQ' })(request, response)
  })
  for await (const _ of items(farmClient({ url }), '/api/v1/builds')) break
  expect(requests).toBe(1)
})

test('`bulk` reads the lines of all answers, also if a line arrives in pieces', async () => {
  const asked: unknown[] = []
  const url = await serve(async (request, response) => {
    asked.push([request.url, request.headers.accept])
    const parts = request.url?.includes('cursor')
      ? ['{"id":1}\n']
      : ['{"id":3,"project":"sch', 'ön"}\n{"id', '":2}\n', '{"next":"/farm/api/v1/builds?project=a&cursor=Mg"}\n']
    for (const [index, part] of parts.entries()) {
      const received = index < parts.length - 1 ? once(pieces, 'received') : undefined
      response.write(part)
      await received
    }
    response.end()
  })
  // The server writes the next piece after the client has received this one, so that each piece arrives alone.
  const pieces = new EventEmitter()
  const noting = async (request: Request) => {
    const response = await fetch(request)
    const note = new TransformStream({
      transform(piece, controller) {
        controller.enqueue(piece)
        pieces.emit('received')
      },
    })
    return new Response(response.body?.pipeThrough(note) ?? null, response)
  }
  const found: unknown[] = []
  const client = farmClient({ url, fetch: noting })
  for await (const build of bulk(client, '/api/v1/builds', { query: { project: 'a' } })) found.push(build)
  expect(found).toEqual([{ id: 3, project: 'schön' }, { id: 2 }, { id: 1 }])
  const accept = 'application/x-ndjson'
  expect(asked).toEqual([
    ['/api/v1/builds?project=a', accept],
    ['/api/v1/builds?project=a&cursor=Mg', accept],
  ])
})

test('`bulk` fails if the connection breaks before the end of the list', async () => {
  const url = await serve((_request, response) => {
    response.write('{"id":3}\n', () => response.destroy())
  })
  const read = async () => {
    for await (const _ of bulk(farmClient({ url }), '/api/v1/builds'));
  }
  await expect(read()).rejects.toThrow()
})

test('a signal ends the events also after the garbage collector has run', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const closed = new EventEmitter()
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: reset\ndata: \n\n')
    response.once('close', () => closed.emit('closed'))
  })
  const ended = new AbortController()
  const stream = events(farmClient({ url }), { signal: ended.signal })
  expect((await stream.next()).value).toEqual({ event: 'reset', id: undefined })
  const next = stream.next()
  await new Promise(setImmediate) // what the last turn of the event loop used can be collected only in the next one
  collectGarbage()
  const disconnected = once(closed, 'closed')
  ended.abort()
  await disconnected
  expect(await next).toEqual({ value: undefined, done: true })
})
