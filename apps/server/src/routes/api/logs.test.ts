import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
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

serverTest(
  'a large log is sent as gzip to those who accept it, and its ranges are those of its lines',
  async ({ server }) => {
    const { vax, offer } = await running(server)
    const bytes = Buffer.from('cc -O2 -c file.c -o file.o\n'.repeat(50_000))
    await vax.say(offer, bytes)
    const ask = (headers: object, method: 'GET' | 'HEAD' = 'GET') =>
      server.ask({ method, url: log, headers: { ...headers } })
    expect((await ask({ 'accept-encoding': 'gzip' })).headers['content-encoding']).toBeUndefined() // it still grows
    await vax.end(offer, { log: bytes })
    await server.farm.logsPacked()

    const etag = `"1.1-${bytes.length}"`
    const zipped = await ask({ 'accept-encoding': 'gzip, deflate, br' })
    expect(gunzipSync(zipped.rawPayload).equals(bytes)).toBe(true)
    expect(zipped.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(zipped.rawPayload.length),
      etag: `"1.1-${bytes.length}-gzip"`,
      vary: expect.stringContaining('Accept-Encoding'),
    })
    expect(zipped.rawPayload.length).toBeLessThan(bytes.length / 20)
    expect(zipped.headers['accept-ranges']).toBeUndefined()
    const head = await ask({ 'accept-encoding': 'gzip' }, 'HEAD')
    expect([head.headers['content-length'], head.headers.etag, head.body]).toEqual([
      zipped.headers['content-length'],
      zipped.headers.etag,
      '',
    ])
    const same = await ask({ 'accept-encoding': 'gzip', 'if-none-match': String(zipped.headers.etag) })
    expect([same.statusCode, same.body, same.headers.vary]).toEqual([304, '', zipped.headers.vary])
    expect((await ask({ 'accept-encoding': 'gzip', 'if-none-match': etag })).statusCode).toBe(200)

    for (const accepted of [{}, { 'accept-encoding': 'br' }, { 'accept-encoding': 'gzip;q=0' }]) {
      const plain = await ask(accepted)
      expect(plain.rawPayload.equals(bytes)).toBe(true)
      expect(plain.headers).toMatchObject({ etag, 'content-length': String(bytes.length), vary: zipped.headers.vary })
      expect(plain.headers['content-encoding']).toBeUndefined()
    }
    const range = await ask({ 'accept-encoding': 'gzip', range: 'bytes=524280-524300' })
    expect([range.statusCode, range.headers['content-encoding'], range.headers.etag]).toEqual([206, undefined, etag])
    expect(range.rawPayload.equals(bytes.subarray(524_280, 524_301))).toBe(true)
    const old = await ask({ 'accept-encoding': 'gzip', range: 'bytes=5-', 'if-range': String(zipped.headers.etag) })
    expect([old.statusCode, old.rawPayload.equals(bytes)]).toEqual([200, true])
    expect(linesOf(await server.ask(`${log}/lines?first=49999&limit=2`))).toEqual([
      '49999 cc -O2 -c file.c -o file.o',
      '50000 cc -O2 -c file.c -o file.o',
    ])
    expect((await server.ask(`${log}/search?find=file.c`)).json().complete).toBe(false)
  },
)

serverTest('the API and the page of a job say that its log is damaged', async ({ server }) => {
  const { vax, offer } = await running(server)
  const bytes = Buffer.from('cc -O2 -c file.c -o file.o\n'.repeat(1000))
  await vax.say(offer, bytes)
  const changed = Buffer.from(bytes)
  changed.write('XX', 5000)
  writeFileSync(join(dirname(server.config.dataDirectory), 'logs', '0', '1.1.log'), changed)
  await vax.end(offer, { log: bytes })
  await server.farm.logsPacked()
  expect((await server.ask('/api/v1/jobs/1')).json().attempts[0].logDamagedAt).toBe(server.farm.now().toISOString())
  expect((await server.ask('/jobs/1')).body).toContain('This log is damaged.')
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

/** Two steps. Each chunk arrives ten seconds after the one before. */
async function twoSteps(server: TestServer) {
  const { vax, offer } = await running(server)
  const [one, two] = ['cc a.c\n\x1b[31mwarning\x1b[0m: old\n', 'a.c:5: ERROR: no\nlast']
  server.wait(10)
  await vax.say(offer, one)
  server.wait(10)
  await vax.say(offer, two, one.length)
  return { vax, offer, log: one + two, firstBytes: one.length }
}

const linesOf = (answer: { json(): { items: { number: number; text: string }[] } }) =>
  answer.json().items.map(({ number, text }) => `${number} ${text}`)

serverTest('the API has the lines of a log by number and page by page, with their times', async ({ server }) => {
  const { vax, offer, log: bytes } = await twoSteps(server)
  const growing = (await server.ask(`${log}/lines`)).json()
  expect(growing).toMatchObject({ attempt: '1.1', size: bytes.length, next: null })
  expect(growing.items.map(({ text }: { text: string }) => text)).toEqual([
    'cc a.c',
    'warning: old',
    'a.c:5: ERROR: no',
  ])
  const times = growing.items.map(({ at }: { at: string }) => Date.parse(at))
  expect([times[1] - times[0], times[2] - times[1]]).toEqual([0, 10_000])

  await vax.end(offer, { exits: [0, 2], log: bytes })
  const page = await server.ask(`${log}/lines?first=2&limit=2`)
  expect(linesOf(page)).toEqual(['2 warning: old', '3 a.c:5: ERROR: no'])
  expect(linesOf(await server.ask(page.json().next))).toEqual(['4 last'])
  expect(page.headers.link).toBe(`<${page.json().next}>; rel="next"`)
  const range = await server.ask('/api/v1/jobs/1/attempts/1/log/lines?first=1&last=2')
  expect([linesOf(range), range.json().next]).toEqual([['1 cc a.c', '2 warning: old'], null])
  expect(linesOf(await server.ask(`${log}/lines?first=99`))).toEqual([])
})

serverTest('the API has the lines of a step, and names the steps if there is no such step', async ({ server }) => {
  const { vax, offer, log: bytes, firstBytes } = await twoSteps(server)
  await vax.end(offer, { exits: [0, 2], log: bytes })
  await server.sql(`UPDATE "FinishedAttempt" SET "steps" = jsonb_set("steps"::jsonb, '{0,logBytes}', '${firstBytes}')`)
  expect(linesOf(await server.ask(`${log}/lines?step=build`))).toEqual(['1 cc a.c', '2 warning: old'])
  const step = await server.ask(`${log}/lines?step=tests&limit=1`)
  expect(linesOf(step)).toEqual(['3 a.c:5: ERROR: no'])
  expect(linesOf(await server.ask(step.json().next))).toEqual(['4 last'])
  expect((await server.ask(`${log}/lines?step=x`)).json()).toMatchObject({ status: 404, known: ['build', 'tests'] })
  expect((await server.ask(`${log}/lines?step=build&first=2`)).statusCode).toBe(400)
  expect((await server.ask(`${log}/lines?limit=1001`)).statusCode).toBe(400)
  expect((await server.ask('/api/v1/jobs/9/log/lines')).statusCode).toBe(404)
})

serverTest('the API finds the lines of a log with a text', async ({ server }) => {
  const { log: bytes } = await twoSteps(server)
  const found = await server.ask(`${log}/search?find=error`)
  expect(found.json()).toEqual({ attempt: '1.1', size: bytes.length, lines: [3], complete: true })
  expect((await server.ask('/api/v1/jobs/1/attempts/1/log/search?find=c')).json().lines).toEqual([1, 3])
  expect((await server.ask(`${log}/search`)).statusCode).toBe(400)
})
