import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'

const log = '/api/v1/jobs/1/log'

async function running(server: TestServer) {
  await server.configure()
  const vax = await server.host('vax')
  await server.build()
  return { vax, offer: await vax.take('1.1') }
}

serverTest('the server sends a log as plain text, even if it contains HTML or random bytes', async ({ server }) => {
  const { vax, offer } = await running(server)
  const bytes = Buffer.concat([Buffer.from('<script>\0\x1b[31m'), randomBytes(3000), Buffer.from('ü\n')])
  await vax.say(offer, bytes)
  await vax.end(offer, { log: bytes })
  const answer = await server.ask(log)

  expect(answer.rawPayload.equals(bytes)).toBe(true)
  expect(answer.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'content-length': String(bytes.length),
    'accept-ranges': 'bytes',
  })
  expect((await server.ask('/api/v1/jobs/1/attempts/1/log')).rawPayload.equals(bytes)).toBe(true)
  expect((await server.ask('/api/v1/jobs/1/attempts/2/log')).statusCode).toBe(404)
})

serverTest('the API sends byte ranges of a log, and answers 416 for a range outside of the log', async ({ server }) => {
  const { vax, offer } = await running(server)
  await vax.say(offer, '0123456789')
  const ask = async (range: string, more = {}) => {
    const { statusCode, headers, body } = await server.ask({ url: log, headers: { range, ...more } })
    return [statusCode, headers['content-range'], statusCode === 416 ? '' : body]
  }
  expect(await ask('bytes=0-3')).toEqual([206, 'bytes 0-3/10', '0123'])
  expect(await ask('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789'])
  expect(await ask('bytes=4-')).toEqual([206, 'bytes 4-9/10', '456789'])
  expect(await ask('bytes=8-99')).toEqual([206, 'bytes 8-9/10', '89'])
  expect(await ask('bytes=10-')).toEqual([416, 'bytes */10', ''])
  expect(await ask('bytes=0-1,4-5')).toEqual([200, undefined, '0123456789'])
  expect(await ask('bytes=0-3', { 'if-range': '"1.1-10"' })).toEqual([200, undefined, '0123456789'])

  await vax.say(offer, 'ab', 10)
  expect(await ask('bytes=10-')).toEqual([206, 'bytes 10-11/12', 'ab'])
  expect((await server.ask({ url: log, headers: { range: 'bytes=20-' } })).json()).toMatchObject({
    type: 'urn:rumpfarm:problem:range-outside',
    detail: 'the log has 12 bytes so far',
  })
})

serverTest('a finished log has an ETag, and a growing log has none', async ({ server }) => {
  const { vax, offer } = await running(server)
  await vax.say(offer, '0123456789')
  expect((await server.ask(log)).headers.etag).toBeUndefined()
  await vax.end(offer, { log: '0123456789' })

  const head = await server.ask({ method: 'HEAD', url: log })
  expect([head.statusCode, head.body]).toEqual([200, ''])
  expect(head.headers).toMatchObject({ etag: '"1.1-10"', 'content-length': '10' })
  const same = await server.ask({ url: log, headers: { 'if-none-match': '"1.1-10"' } })
  expect([same.statusCode, same.body]).toEqual([304, ''])
  const rest = await server.ask({ url: log, headers: { range: 'bytes=8-', 'if-range': '"1.1-10"' } })
  expect([rest.statusCode, rest.body]).toEqual([206, '89'])
})

serverTest('a job without output has an empty log, and the API reports a deleted log', async ({ server }) => {
  const { vax, offer } = await running(server)
  const none = await server.ask(log)
  expect([none.statusCode, none.headers['content-length'], none.body]).toEqual([200, '0', ''])
  await vax.say(offer, 'x')
  await vax.end(offer, { log: 'x' })
  rmSync(join(dirname(server.config.dataDirectory), 'logs'), { recursive: true })

  expect((await server.ask(log)).json()).toMatchObject({ status: 404, type: 'urn:rumpfarm:problem:log-gone' })
  expect((await server.ask('/jobs/1')).body).toContain('The farm no longer has')
  expect((await server.ask('/jobs/1')).body).not.toContain('No output.')
})
