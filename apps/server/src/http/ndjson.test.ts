import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { BulkAnswers, bulkAnswersMax, bulkBatchSize, bulkItemsMax } from './ndjson.ts'

const schema = { type: 'object', properties: { id: { type: 'integer' }, text: { type: 'string' } } }

/** Serves a list with the ids from `newest` to 1. Its items have this text. */
async function serve(newest: number, text = '') {
  const app = Fastify()
  const bulk = new BulkAnswers()
  let reads = 0
  const read = async (before = newest + 1, limit: number) => {
    reads += 1
    const count = Math.min(limit, before - 1)
    return Array.from({ length: count }, (_, index) => ({ id: before - 1 - index, text, secret: 'x' }))
  }
  app.decorate('publicPath', '/farm')
  app.get('/list', (request, reply) => bulk.send(request, reply, { read, keyOf: ({ id }) => id, schema }))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const ask = async (path = '/list') => {
    const [response] = (await once(get({ port, host: '127.0.0.1', path, agent: false }), 'response')) as [
      IncomingMessage,
    ]
    return response
  }
  return { app, bulk, ask, reads: () => reads }
}

const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await sleep(5)
}

test('a bulk answer has every item once, and only the members of the schema', async () => {
  const { app } = await serve(2 * bulkBatchSize + 1)
  const { headers, body } = await app.inject('/list')
  expect(headers['content-type']).toBe('application/x-ndjson')
  const lines = body.trimEnd().split('\n')
  expect(lines[0]).toBe(`{"id":${2 * bulkBatchSize + 1},"text":""}`)
  expect(lines.map(line => JSON.parse(line).id)).toEqual(
    Array.from({ length: 2 * bulkBatchSize + 1 }, (_, index) => 2 * bulkBatchSize + 1 - index),
  )
  await app.close()
})

test('an empty list is an empty answer', async () => {
  const { app } = await serve(0)
  const { statusCode, body } = await app.inject('/list')
  expect([statusCode, body]).toEqual([200, ''])
  await app.close()
})

test('after the largest number of items, the last line has the address of the rest', async () => {
  const { app } = await serve(bulkItemsMax + 5)
  const lines = (await app.inject('/list?format=ndjson')).body.trimEnd().split('\n')
  expect(lines).toHaveLength(bulkItemsMax + 1)
  const cursor = Buffer.from('6').toString('base64url')
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ next: `/farm/list?format=ndjson&cursor=${cursor}` })
  await app.close()
})

test('the server reads no further batch while the client reads nothing, and stops when the client is gone', async () => {
  const { app, bulk, ask, reads } = await serve(bulkItemsMax, 'x'.repeat(10_000))
  const response = await ask()
  response.pause()
  let before = 0
  do {
    before = reads()
    await sleep(300)
  } while (reads() > before)
  expect(before).toBeLessThan(20) // the buffers of the sockets take a few batches of 2 MB
  response.destroy()
  await until(() => bulk.open === 0)
  expect(reads()).toBeLessThan(before + 2)
  await app.close()
})

test('a server sends only a limited number of bulk answers at a time', async () => {
  const { app, bulk, ask } = await serve(bulkItemsMax, 'x'.repeat(10_000))
  const open = await Promise.all(Array.from({ length: bulkAnswersMax }, () => ask()))
  expect(bulk.open).toBe(bulkAnswersMax)
  const refused = await app.inject('/list')
  expect(refused.statusCode).toBe(429)
  expect(refused.json().message).toBe(`${bulkAnswersMax} bulk answers are being sent: try again later`)
  for (const response of open) response.destroy()
  await until(() => bulk.open === 0)
  await app.close()
})
