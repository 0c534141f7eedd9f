import { once, setMaxListeners } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { withoutDeadline } from '@rumpfarm/farm'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { networkOf } from '../../../http/rate-limits.ts'
import { pagesMs, type SharedCounts } from '../../../http/shared-counts.ts'
import { encodeEvents, type ServerEvent } from './server-event.ts'
import { refusalOf, type StreamLimit, type StreamLimits, type StreamRefusal, stopping } from './stream-limits.ts'

/** Server-sent events to one browser. */
export interface EventStream {
  /** Resolves when the browser can receive more. So a caller that waits holds at most one event. */
  send(event: ServerEvent): Promise<void>
  /** Writes encoded events. Several streams can share the bytes. */
  write(bytes: Buffer): void
  /** True while the browser has not received everything. Write nothing then, and wait for `drained`. */
  readonly isBehind: boolean
  /** Resolves when the browser has received everything, or when the stream has closed. */
  drained(): Promise<void>
  readonly closed: AbortSignal
  end(): void
}

// The server sends an event at least this often, because proxies commonly close a connection without data after 60 s,
// and the farm's pages after 40 s (client/connection.js).
const aliveMs = 15_000
/** The server closes the connection of a browser that receives nothing for this time. */
export const stuckMsMax = 60_000

/** The open streams. A closing server must end them, because browsers keep them open. */
export class Streams {
  readonly #open = new Set<EventStream>()
  /** The number of pages of the server, of each address and of each session. */
  readonly #counts = new Map<string, number>()
  readonly #limits: StreamLimits
  readonly #shared: Pick<SharedCounts, 'pages'> | undefined
  readonly #reports: NodeJS.Timeout | undefined
  #ended = false

  /** With `shared`, the limits of one client count for all servers together. */
  constructor(limits: StreamLimits, shared?: Pick<SharedCounts, 'pages'>) {
    this.#limits = limits
    this.#shared = shared
    if (shared) this.#reports = setInterval(() => this.#reportAll(), pagesMs / 3)
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Opens a stream for this number of pages. Returns a refusal if the pages would exceed a limit. Without limits,
   * one client could use all connections of the server. The stream takes over the reply.
   */
  open(request: FastifyRequest, reply: FastifyReply, pages = 1): EventStream | { refusal: StreamRefusal } {
    if (this.#ended) return { refusal: stopping }
    const owners = this.#owners(request)
    const exceeded = owners.find(({ name, limit }) => (this.#counts.get(name) ?? 0) + pages > this.#limits[limit])
    if (exceeded) return { refusal: refusalOf(exceeded.limit, this.#limits) }
    reply.hijack()
    withoutDeadline()
    const stream = openStream(request, reply)
    this.#open.add(stream)
    for (const { name } of owners) this.#count(name, pages)
    const forget = () => {
      this.#open.delete(stream)
      for (const { name } of owners) this.#count(name, -pages)
    }
    stream.closed.addEventListener('abort', forget, { once: true })
    return stream
  }

  /** Like `open`, and also counts the pages of other servers if Redis answers. */
  async openShared(
    request: FastifyRequest,
    reply: FastifyReply,
    pages = 1,
  ): Promise<EventStream | { refusal: StreamRefusal }> {
    const owners = this.#owners(request)
    for (const { name, limit } of owners) {
      if (limit === 'all') continue
      const own = (this.#counts.get(name) ?? 0) + pages
      const isFree = await this.#shared?.pages(name, own, this.#limits[limit]).catch(() => true)
      if (isFree !== false) continue
      for (const { name } of owners) this.#report(name)
      return { refusal: refusalOf(limit, this.#limits) }
    }
    const stream = this.open(request, reply, pages)
    if ('refusal' in stream) for (const { name } of owners) this.#report(name)
    return stream
  }

  #owners({ ip, visitor }: FastifyRequest): { name: string; limit: StreamLimit }[] {
    const owners = [
      { name: everybody, limit: 'all' as const },
      { name: `address ${networkOf(ip)}`, limit: 'address' as const },
    ]
    if (visitor?.kind !== 'administrator') return owners
    return [...owners, { name: `session ${visitor.session}`, limit: 'session' as const }]
  }

  #count(name: string, change: number): void {
    const count = (this.#counts.get(name) ?? 0) + change
    if (count > 0) this.#counts.set(name, count)
    else this.#counts.delete(name)
    if (change < 0) this.#report(name)
  }

  /** Tells the other servers how many pages this server has for a client. */
  #report(name: string): void {
    if (name === everybody) return
    this.#shared?.pages(name, this.#counts.get(name) ?? 0, Number.MAX_SAFE_INTEGER).catch(() => {})
  }

  #reportAll(): void {
    for (const name of this.#counts.keys()) this.#report(name)
  }

  close(): void {
    clearInterval(this.#reports)
  }

  /** Ends all streams of a server that stops. Browsers connect again, to another server. */
  endAll(): void {
    this.#ended = true
    for (const stream of this.#open) stream.end()
  }
}

/** The name of all clients together. */
const everybody = 'the server'

const aliveEvent = encodeEvents([{ event: 'alive', data: '' }])

function openStream(request: FastifyRequest, reply: FastifyReply): EventStream {
  const { raw } = reply
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders), // also those for pages of other sites
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // otherwise nginx buffers the events
  })
  raw.write(aliveEvent)
  request.raw.setTimeout?.(0)
  const closing = new AbortController()
  setMaxListeners(0, closing.signal) // one for each log of the browser
  const heartbeat = keepAlive(raw)
  const stop = () => {
    clearInterval(heartbeat)
    closing.abort()
  }
  raw.once('close', stop)
  raw.setMaxListeners(0) // each log of the browser can wait until it has received everything
  const drained = async () => {
    if (closing.signal.aborted || !raw.writableNeedDrain) return
    await once(raw, 'drain', { signal: closing.signal }).catch(() => {}) // the caller checks `closed`
  }
  return {
    closed: closing.signal,
    get isBehind() {
      return raw.writableNeedDrain
    },
    async send(event) {
      if (closing.signal.aborted) return
      raw.write(encodeEvents([event]))
      await drained()
    },
    write(bytes) {
      if (!closing.signal.aborted) raw.write(bytes)
    },
    drained,
    end() {
      stop() // nothing may be written after the end
      raw.end()
    },
  }
}

/** Sends an event regularly, and closes the connection of a browser that does not receive the events. */
function keepAlive(raw: ServerResponse): NodeJS.Timeout {
  let stuckMs = 0
  raw.on('drain', () => {
    stuckMs = 0
  })
  return setInterval(() => {
    if (!raw.writableNeedDrain) return raw.write(aliveEvent)
    stuckMs += aliveMs
    if (stuckMs >= stuckMsMax) raw.destroy()
  }, aliveMs)
}
