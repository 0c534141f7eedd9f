import { afterEach, beforeEach, expect, test, vi } from 'vitest'

// A variable holds the path, because the script is plain JavaScript for browsers and has no types.
const script = new URL('../client/connection.js', import.meta.url).href
const { Connection } = await import(/* @vite-ignore */ script)

/** A fake of the browser's EventSource. `sources` lists each EventSource that the script has opened. */
class FakeSource extends EventTarget {
  static sources: FakeSource[] = []
  readonly url: string
  closed = false
  readyState = 1
  onopen = () => {}
  onerror = () => {}

  constructor(url: string) {
    super()
    this.url = url
    FakeSource.sources.push(this)
  }

  say(kind: string, data = '', lastEventId = '') {
    this.dispatchEvent(Object.assign(new Event(kind), { data, lastEventId }))
  }

  close() {
    this.closed = true
  }
}

/** A page with the messages that it received. */
class FakePage {
  readonly messages: Record<string, unknown>[] = []
  onmessage = (_event: { data: unknown }) => {}

  postMessage(message: Record<string, unknown>) {
    this.messages.push(message)
  }

  get lost() {
    return this.messages.filter(({ lost }) => lost !== undefined).at(-1)?.lost
  }
}

const last = () => FakeSource.sources.at(-1) as FakeSource
const open = () => FakeSource.sources.filter(({ closed }) => !closed).map(({ url }) => decodeURIComponent(url))

let connection: { add(port: FakePage): void }

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeSource)
  FakeSource.sources = []
  connection = new Connection()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function pageThatFollows(page: object | null): FakePage {
  const port = new FakePage()
  connection.add(port)
  port.onmessage({ data: page && { id: 1, events: '/events', ...page } })
  return port
}

const settle = () => vi.advanceTimersByTime(100)

test('all pages share one connection, which follows their logs and closes with the last page', () => {
  const pages = [{ since: 200 }, { since: 100 }, { log: '7.1', position: '0:1' }, { log: '7.1', position: '50:3' }]
  const ports = pages.map(pageThatFollows)
  settle()
  expect(open()).toEqual(['/events?since=100&log=7.1:0:1&log=7.1:50:3'])
  ports[2]?.onmessage({ data: null })
  settle()
  expect(open()).toEqual(['/events?since=100&log=7.1:50:3'])
  for (const port of ports) port.onmessage({ data: null })
  settle()
  expect(open()).toEqual([])
})

test('each page receives its own events, and a new connection continues each log', () => {
  const [matrix, first, second] = [
    { since: 100 },
    { log: '7.1', position: '0:1' },
    { log: '8.1', position: '0:1' },
  ].map(pageThatFollows)
  settle()
  last().say('log', 'a line', '1:60:4')
  last().say('changed')
  expect(second?.messages.at(-1)).toMatchObject({ kind: 'log', data: 'a line', position: '60:4' })
  expect(matrix?.messages.at(-1)).toMatchObject({ kind: 'changed' })
  expect(first?.messages.map(({ kind }) => kind)).toEqual([undefined])
  pageThatFollows({ since: 300 })
  settle()
  expect(open()).toEqual(['/events?since=100&log=7.1:0:1&log=8.1:60:4'])
})

test('if the HTML of a page is replaced, the page keeps its connection', () => {
  const port = pageThatFollows({ since: 100 })
  settle()
  port.onmessage({ data: { id: 1, events: '/events', since: 200 } })
  settle()
  expect(FakeSource.sources).toHaveLength(1)
})

test('after a wrong response, the connection retries with growing pauses, and pages receive the time when the connection was lost', () => {
  const port = pageThatFollows({ since: 100 })
  settle()
  const since = Date.now()
  const waits = [1, 2, 4, 8, 15, 30, 30].map(seconds => {
    last().onerror()
    const { length } = FakeSource.sources
    vi.advanceTimersByTime(seconds * 700)
    expect(FakeSource.sources).toHaveLength(length)
    vi.advanceTimersByTime(seconds * 600)
    return FakeSource.sources.length - length
  })
  expect(waits).toEqual([1, 1, 1, 1, 1, 1, 1])
  expect(port.lost).toBe(since)
  last().onopen()
  expect(port.lost).toBeNull()
})

test('after 40 s without an event, the connection counts as lost, and a new connection opens', () => {
  const port = pageThatFollows({ since: 100 })
  settle()
  last().onopen()
  vi.advanceTimersByTime(30_000)
  last().say('alive')
  const received = Date.now()
  vi.advanceTimersByTime(39_000)
  expect(port.lost).toBeNull()
  vi.advanceTimersByTime(1_000)
  expect(port.lost).toBe(received)
  vi.advanceTimersByTime(2_000)
  expect(FakeSource.sources).toHaveLength(2)
  last().say('alive')
  expect(port.lost).toBeNull()
})

test('if a page opens while the connection is lost, the page receives the time when the connection was lost', () => {
  pageThatFollows({ since: 100 })
  settle()
  last().onerror()
  expect(pageThatFollows({ since: 200 }).lost).toBe(Date.now())
})

test('if an event arrives while a page opens, the connection still follows this page without a delay', () => {
  pageThatFollows({ since: 100 })
  settle()
  pageThatFollows({ log: '7.1', position: '0:1' })
  last().say('alive')
  settle()
  expect(open()).toEqual(['/events?since=100&log=7.1:0:1'])
})

test('if the server refuses the connection, the pages receive its reason, and the next try is when the server says', async () => {
  const text = '60 live pages or event streams are open from this address: close some, or try again later.\n'
  const refusal = { status: 429, headers: { 'content-type': 'text/plain', 'retry-after': '100' } }
  vi.stubGlobal('fetch', async () => new Response(text, refusal))
  const port = pageThatFollows({ since: 100 })
  settle()
  const since = Date.now()
  last().readyState = 2
  last().onerror()
  await vi.waitFor(() => expect(port.messages.at(-1)).toEqual({ id: 1, lost: since, refused: text.trim() }), {
    timeout: 20_000,
  })
  vi.advanceTimersByTime(70_000)
  expect(FakeSource.sources).toHaveLength(1)
  for (let second = 0; second < 60 && FakeSource.sources.length < 2; second++) vi.advanceTimersByTime(1_000)
  expect(FakeSource.sources).toHaveLength(2)
  last().onopen()
  expect(port.messages.at(-1)).toEqual({ id: 1, lost: null, refused: undefined })
})
