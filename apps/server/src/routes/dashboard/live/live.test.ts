import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import type { AttemptView, Farm, JobView } from '@rumpfarm/farm'
import Fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { type Bus, localBus, topics } from '../../../events/bus.ts'
import { Changes } from './changes.ts'
import { followAttempt } from './job-events.tsx'
import { type EventStream, type ServerEvent, Streams } from './stream.ts'
import { WakeUp } from './wake-up.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A bus that counts its listeners. */
function countingBus(): Bus & { listeners: () => number } {
  const bus = localBus()
  let count = 0
  return {
    ...bus,
    subscribe(topic, listener) {
      const unsubscribe = bus.subscribe(topic, listener)
      count++
      return () => {
        count--
        unsubscribe()
      }
    },
    listeners: () => count,
  }
}

const limits = { all: 10, address: 10, session: 10 }

/** Starts a server with one address, which opens a stream. `act` sends the events. */
async function serve(act: (stream: EventStream) => Promise<void>, streams = new Streams(limits)) {
  const app = Fastify({ forceCloseConnections: true })
  app.addHook('preClose', async () => streams.endAll())
  const ended: Promise<void>[] = []
  app.get('/', async (request, reply) => {
    const stream = streams.open(request, reply)
    if (!stream) return reply.code(503).send('full')
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
  while (!text.includes('changed')) text += (await reader?.read())?.value ?? 'changed: the stream ended'
  expect(text).toBe('event: alive\ndata: \n\nevent: changed\ndata: \n\n')
  expect(bus.listeners()).toBe(2)
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
    return streams.open(
      { ip: '::1', raw: {} } as never,
      { raw, hijack: () => {}, getHeaders: () => ({}) } as never,
      pages,
    )
  }
  closing.push(() => streams.endAll())
  expect([open(2) === undefined, open(2) === undefined, open(1) === undefined]).toEqual([false, true, false])
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
  expect(await eventsSent(Date.now() + 1000)).toBe(0)
})

/** A stream to a browser that receives each event immediately. */
function fakeStream() {
  const events: ServerEvent[] = []
  const closing = new AbortController()
  const stream: EventStream = {
    send: async event => void events.push(event),
    closed: closing.signal,
    end: () => closing.abort(),
  }
  return { stream, events, close: () => closing.abort() }
}

const stepEnd = (name: string, exit: number, logBytes: number) => ({ name, exit, milliseconds: 5, logBytes })

/** A farm with one attempt. `change` adds to its log and changes its fields. */
function oneAttempt(bus: Bus) {
  let log = Buffer.alloc(0)
  const attempt = {
    number: 1,
    state: 'running',
    steps: [],
    startedAt: new Date(),
    queuedAt: new Date(),
    detail: null,
    failedStep: null,
    cancelRequestedAt: null,
    artifacts: [],
    artifactNote: null,
  } as unknown as AttemptView
  const recipe = { steps: ['configure', 'build'].map(name => ({ name, run: 'true' })) }
  const job = { id: 7, host: 'vax', recipe, attempts: [attempt], lastGood: null, verdict: null } as unknown as JobView
  const farm = {
    builds: { findJob: async () => job },
    testResults: { summary: async () => undefined },
    queue: { find: async () => undefined, expectation: async () => ({ expectedMs: null, steps: {} }) },
    attempts: {
      logSize: () => log.length,
      readLog: (_id: unknown, start: number, end: number) => Readable.from([log.subarray(start, end)]),
    },
  } as unknown as Farm
  const change = (text: string | Buffer, changes: Partial<AttemptView> = {}) => {
    log = Buffer.concat([log, Buffer.from(text as string)])
    Object.assign(attempt, changes)
    bus.publish(topics.attempt('7.1'))
  }
  return { farm, change }
}

const visit = { at: new Date(), admin: false, csrf: undefined, path: '/', publicPath: '', configErrors: [] }
const plain = (html: string) => html.replace(/<[^>]*>/g, ' ').replace(/ +/g, ' ')
const finished = { state: 'finished', verdict: 'passed', finishedAt: new Date() } as const

test('a live page receives the log from its position to the end, section by section', async () => {
  const bus = countingBus()
  const viewed: string[] = []
  bus.subscribe(topics.viewed, attempt => viewed.push(attempt))
  const { farm, change } = oneAttempt(bus)
  change('one\ntw')
  const { stream, events } = fakeStream()
  const following = followAttempt({ farm, bus }, stream, {
    visit,
    attempt: { jobId: 7, number: 1 },
    position: { offset: 4, line: 2 },
  })
  change('o\nthree\n', { steps: [stepEnd('configure', 0, 8)], ...finished })
  await following
  const logs = events.filter(({ event }) => event === 'log')
  expect(logs.map(({ data }) => plain(data)).join('')).toBe(' 2 two\n  3 three\n ')
  expect(logs.at(-1)?.id).toBe('14:4')
  expect(events.filter(({ event }) => event === 'section').map(({ data }) => /id="([^"]*)"/.exec(data)?.[1])).toEqual([
    'step-configure',
    'step-build',
  ])
  expect(events.at(-1)?.event).toBe('finished')
  expect(viewed).toEqual(['7.1'])
  expect(bus.listeners()).toBe(1) // the listener of the test
})

test('if a step ends while the server reads the job, the lines of the next step appear in its section', async () => {
  const bus = localBus()
  const { farm, change } = oneAttempt(bus)
  change('one\n')
  const { findJob } = farm.builds
  let reads = 0
  farm.builds.findJob = async id => {
    const job = await findJob(id)
    const before = job && { ...job, attempts: job.attempts.map(attempt => ({ ...attempt })) }
    if (++reads === 1) change('compiling\n', { steps: [stepEnd('configure', 0, 4)] })
    return before
  }
  const { stream, events } = fakeStream()
  const following = followAttempt({ farm, bus }, stream, {
    visit,
    attempt: { jobId: 7, number: 1 },
    position: { offset: 0, line: 1 },
  })
  while (!events.some(({ data }) => data.includes('compiling'))) await new Promise(resolve => setImmediate(resolve))
  change('', finished)
  await following
  const shown = events.filter(({ event }) => event === 'section' || event === 'log')
  expect(shown.map(({ event, data }) => (event === 'log' ? plain(data) : /id="([^"]*)"/.exec(data)?.[1]))).toEqual([
    'step-configure',
    ' 1 one\n ',
    'step-build',
    ' 2 compiling\n ',
  ])
})

test('the server sends an unfinished line, and sends the line again when it is complete', async () => {
  const bus = localBus()
  const { farm, change } = oneAttempt(bus)
  change('50%')
  const { stream, events } = fakeStream()
  const following = followAttempt({ farm, bus }, stream, {
    visit,
    attempt: { jobId: 7, number: 1 },
    position: { offset: 0, line: 1 },
  })
  while (!events.some(({ event }) => event === 'log')) await new Promise(resolve => setImmediate(resolve))
  change(' done\n', finished)
  await following
  const logs = events.filter(({ event }) => event === 'log')
  expect(logs.map(({ id, data }) => [id, plain(data)])).toEqual([
    ['0:1', ' 1 50%\n '],
    ['9:2', ' 1 50% done\n '],
  ])
  expect(logs[0]?.data).toContain('class="line tail"')
})

test('the browser reloads a page that has more of the log than the server', async () => {
  const bus = localBus()
  const { farm, change } = oneAttempt(bus)
  change('one\n')
  const { stream, events } = fakeStream()
  await followAttempt({ farm, bus }, stream, {
    visit,
    attempt: { jobId: 7, number: 1 },
    position: { offset: 900, line: 2 },
  })
  expect(events.map(({ event }) => event)).toEqual(['reload'])
})
