import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { farmClient, followLog, logState, readLog, tailStart } from './index.ts'

/** A server of the log of attempt 7.1, as the farm answers ranges. The log can grow. */
async function serveLog(
  text: string,
  answerFirst: (request: number, response: ServerResponse) => boolean = () => false,
) {
  const log = { bytes: Buffer.from(text), isFinished: true, ranges: [] as string[], requests: 0 }
  const answer: RequestListener = (request, response) => {
    if (answerFirst(log.requests++, response)) return void (response.writableEnded || response.destroy())
    const [, start = '0', end] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    if (request.method === 'HEAD') {
      if (log.isFinished) response.setHeader('etag', '"7.1"')
      return void response.setHeader('content-length', log.bytes.length).end()
    }
    log.ranges.push(request.headers.range ?? '')
    if (Number(start) >= log.bytes.length) return void response.writeHead(416).end('{}')
    response.writeHead(206).end(log.bytes.subarray(Number(start), end ? Number(end) + 1 : undefined))
  }
  const server = createServer(answer)
  onTestFinished(() => void server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const client = farmClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  return { log, client }
}

const attempt = { job: 7, number: 1 }

const textOf = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const read: Uint8Array[] = []
  for await (const chunk of chunks) read.push(chunk)
  return Buffer.concat(read).toString()
}

test('readLog reads a range, and nothing behind the end', async () => {
  const { client } = await serveLog('0123456789')
  expect(await logState(client, attempt)).toEqual({ size: 10, isFinished: true })
  expect(await textOf(readLog(client, attempt))).toBe('0123456789')
  expect(await textOf(readLog(client, attempt, { start: 3, end: 5 }))).toBe('34')
  expect(await textOf(readLog(client, attempt, { start: 5, end: 5 }))).toBe('')
  expect(await textOf(readLog(client, attempt, { start: 10 }))).toBe('')
})

test('the size of a log that the farm no longer has is refused with the explanation of the farm', async () => {
  const { client } = await serveLog('x', (_, response) => {
    const problem = { type: 'urn:rumpfarm:problem:log-gone', status: 410, detail: 'the log is gone' }
    response.writeHead(410, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
    return true
  })
  await expect(logState(client, attempt)).rejects.toThrow('the log is gone')
})

test.each([
  ['one\ntwo\nthree\n', 2, 4],
  ['one\ntwo\nthree', 2, 4],
  ['one\ntwo\n', 2, 0],
  ['one\ntwo\n', 9, 0],
  ['one\n\n\n', 2, 4],
  ['one', 1, 0],
  ['one\n', 0, 4],
  ['', 3, 0],
])('the last lines of %j: %d lines begin at %d', async (text, lines, expected) => {
  const { client } = await serveLog(text)
  expect(await tailStart(client, attempt, { start: 0, end: text.length, lines })).toBe(expected)
})

test('tailStart reads only the end of a long log', async () => {
  const text = `${'x'.repeat(1_000_000)}\n${'y'.repeat(100_000)}\nlast\n`
  const { client, log } = await serveLog(text)
  const end = text.length
  expect(await tailStart(client, attempt, { start: 0, end, lines: 1 })).toBe(end - 5)
  expect(log.ranges).toEqual([`bytes=${end - 65_536}-${end - 1}`])
  expect(await tailStart(client, attempt, { start: 0, end, lines: 2 })).toBe(1_000_001)
})

test('followLog continues after lost connections, without a gap and without a repetition', async () => {
  const { client, log } = await serveLog('first ', request => {
    if (request === 6) Object.assign(log, { bytes: Buffer.from('first second'), isFinished: true })
    return request % 3 === 1
  })
  log.isFinished = false
  expect(await textOf(followLog(client, attempt, { pauseMs: 20 }))).toBe('first second')
})

test('followLog gives up when the farm is away for too long, and stops when the caller aborts', async () => {
  const { client, log } = await serveLog('x', request => request > 0)
  log.isFinished = false
  await expect(textOf(followLog(client, attempt, { pauseMs: 10, awayMsMax: 50 }))).rejects.toThrow()
  const other = await serveLog('x')
  other.log.isFinished = false
  const aborted = new AbortController()
  let text = ''
  for await (const piece of followLog(other.client, attempt, { pauseMs: 10, signal: aborted.signal })) {
    text += Buffer.from(piece).toString()
    setTimeout(() => aborted.abort(), 50)
  }
  expect(text).toBe('x')
})
