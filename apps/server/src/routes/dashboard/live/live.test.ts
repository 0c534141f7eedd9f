import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import Fastify from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import { localBus, topics } from '../../../events/bus.ts'
import { skewMsMax } from '../../../farm-time.ts'
import { Changes } from './changes.ts'
import { countingBus, fakeStream } from './live.fixture.ts'
import { type EventStream, Streams } from './stream.ts'
import { WakeUp } from './wake-up.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const limits = { all: 10, address: 10, session: 10 }

/** Starts a server with one address, which opens a stream. `act` sends the events. */
async function serve(act: (stream: EventStream) => Promise<void>, streams = new Streams(limits)) {
  const app = Fastify({ forceCloseConnections: true })
  app.addHook('preClose', async () => streams.endAll())
  const ended: Promise<void>[] = []
  app.get('/', async (request, reply) => {
    const stream = streams.open(request, reply)
    if ('refusal' in stream) return reply.code(503).send('full')
    const work = act(stream)
    ended.push(work)
    await work
    return reply
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  closing.push(() => app.close())
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`
  return { app, url, streams, ended }
}

test('a stream sends server-sent events, and stops when the browser closes it', async () => {
  const bus = countingBus()
  const { url, ended } = await serve(async stream => {
    const changes = new Changes(bus)
    await changes.follow(stream, 0)
    changes.close()
  })
  const browser = new AbortController()
  const answer = await fetch(url, { signal: browser.signal })
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!/changed\ndata: .*\n\n/.test(text)) text += (await reader?.read())?.value ?? 'changed: the stream ended'
  expect(text).toMatch(/^event: alive\ndata: \n\nevent: changed\ndata: 0 [\w.-]+\n\n$/)
  expect(bus.listeners()).toBe(1)
  browser.abort()
  await Promise.all(ended)
  expect(bus.listeners()).toBe(0)
})

test('a closing server ends its streams', async () => {
  const { app, url, streams, ended } = await serve(async stream => {
    await once(stream.closed, 'abort')
  })
  const answer = await fetch(url)
  expect(streams.size).toBe(1)
  await Promise.all([app.close(), answer.text().catch(() => 'cut')])
  await Promise.all(ended)
  expect(streams.size).toBe(0)
})

test.each([
  ['the server', { ...limits, all: 1 }],
  ['one address', { ...limits, address: 1 }],
])('if %s has reached its limit, a new stream can open only after an old stream has closed', async (_, given) => {
  const { url, streams } = await serve(async stream => {
    await once(stream.closed, 'abort')
  }, new Streams(given))
  const browser = new AbortController()
  await fetch(url, { signal: browser.signal })
  expect((await fetch(url)).status).toBe(503)
  browser.abort()
  while (streams.size > 0) await new Promise(resolve => setImmediate(resolve))
  expect((await fetch(url)).status).toBe(200)
})

test('for the limits, a stream for two pages counts as two pages', () => {
  const streams = new Streams({ ...limits, address: 3 })
  const open = (pages: number) => {
    const raw = Object.assign(new PassThrough(), { writeHead: () => {} })
    const stream = streams.open(
      { ip: '::1', raw: {} } as never,
      { raw, hijack: () => {}, getHeaders: () => ({}) } as never,
      pages,
    )
    return 'refusal' in stream
  }
  closing.push(() => streams.endAll())
  expect([open(2), open(2), open(1)]).toEqual([false, true, false])
})

test('while a browser does not read, the server does not send it more events', async () => {
  let sent = 0
  const { url, ended } = await serve(async stream => {
    for (; sent < 1000 && !stream.closed.aborted; sent++)
      await stream.send({ event: 'log', data: 'x'.repeat(64 * 1024) })
  })
  const browser = new AbortController()
  await fetch(url, { signal: browser.signal })
  browser.abort()
  await Promise.all(ended)
  // If the server did not wait, all 64 MB would be in memory before the browser receives the first header.
  expect(sent).toBeLessThan(1000)
})

test('if a wake-up arrives before the wait, the wait ends at once', async () => {
  const wakeUp = new WakeUp()
  wakeUp.wake()
  await wakeUp.wait(60_000, new AbortController().signal)
  const later = wakeUp.wait(60_000, new AbortController().signal)
  wakeUp.wake()
  await later
  await wakeUp.wait(1, new AbortController().signal)
})

test('a page that is older than the last change receives an event at once, and a newer page does not', async () => {
  const bus = localBus()
  const changes = new Changes(bus)
  closing.push(() => changes.close())
  const eventsSent = async (since: number) => {
    const { stream, events, close } = fakeStream()
    const following = changes.follow(stream, since)
    await new Promise(resolve => setImmediate(resolve))
    close()
    const count = events.length
    await following
    return count
  }
  bus.publish(topics.matrix)
  expect(await eventsSent(Date.now() - 1000)).toBe(1)
  expect(await eventsSent(Date.now() + skewMsMax - 50)).toBe(1) // the clock of the server that made the page is ahead
  expect(await eventsSent(Date.now() + 1000)).toBe(0)
})

test('all pages receive a change at the same time as the same bytes, and at most once a second', async () => {
  vi.useFakeTimers()
  try {
    const bus = localBus()
    const changes = new Changes(bus)
    closing.push(() => changes.close())
    const pages = Array.from({ length: 40 }, () => {
      const page = fakeStream()
      void changes.follow(page.stream, Date.now() + skewMsMax + 1)
      return page
    })
    const counts = () => new Set(pages.map(({ events }) => events.length))
    for (let change = 0; change < 5; change++) bus.publish(topics.matrix)
    expect(counts()).toEqual(new Set([1]))
    expect(new Set(pages.map(({ written }) => written[0])).size).toBe(1)
    expect(pages[0]?.events[0]?.data).toMatch(/^39 [\w-]+\.\d+\.\d+$/) // the browsers spread their loads over 39 ms
    vi.advanceTimersByTime(999)
    expect(counts()).toEqual(new Set([1]))
    vi.advanceTimersByTime(1)
    expect(counts()).toEqual(new Set([2]))
    vi.advanceTimersByTime(61_000)
    expect(counts()).toEqual(new Set([3])) // in case a message of the bus was lost
    for (const { close } of pages) close()
  } finally {
    vi.useRealTimers()
  }
})

test('a page that does not read receives one event for all changes, when it reads again', async () => {
  const bus = localBus()
  const changes = new Changes(bus)
  closing.push(() => changes.close())
  const page = fakeStream()
  void changes.follow(page.stream, Date.now() + 1_000)
  page.reading.isBehind = true
  for (let change = 0; change < 3; change++) bus.publish(topics.matrix)
  expect(page.events).toEqual([])
  page.reading.isBehind = false
  page.reading.drain()
  await new Promise(resolve => setImmediate(resolve))
  expect(page.events.map(({ event }) => event)).toEqual(['changed'])
  page.close()
})

test('the server closes the connection of a browser that receives nothing for a minute', async () => {
  const streams = new Streams(limits)
  const raw = Object.assign(new PassThrough({ highWaterMark: 10 }), { writeHead: () => {} })
  vi.useFakeTimers()
  try {
    const request = { ip: '::1', raw: {} } as never
    const stream = streams.open(request, { raw, hijack: () => {}, getHeaders: () => ({}) } as never)
    if ('refusal' in stream) throw new Error('the stream was refused')
    stream.write(Buffer.alloc(100))
    vi.advanceTimersByTime(59_000)
    expect([raw.destroyed, raw.readableLength + raw.writableLength < 200]).toEqual([false, true])
    vi.advanceTimersByTime(1_000)
    expect(raw.destroyed).toBe(true)
  } finally {
    vi.useRealTimers()
  }
  await vi.waitFor(() => expect(streams.size).toBe(0), { timeout: 20_000 })
})
