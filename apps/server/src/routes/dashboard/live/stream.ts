import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { networkOf } from '../../../http/rate-limits.ts'

export interface ServerEvent {
  event: string
  data: string
  /** The number of the log, and the position from which the browser continues after a lost connection. */
  id?: string
}

/** Server-sent events to one browser. */
export interface EventStream {
  /** Resolves when the browser can receive more. So a caller that waits holds at most one event. */
  send(event: ServerEvent): Promise<void>
  readonly closed: AbortSignal
  end(): void
}

// The server sends an event at least this often, because proxies commonly close a connection without data after 60 s,
// and the farm's pages after 40 s (client/connection.js).
const aliveMs = 15_000

/** The largest numbers of live pages. */
export interface StreamLimits {
  /** The maximum for the whole server. */
  all: number
  /** The maximum for one address. */
  address: number
  /** The maximum for one administrator's session, even if its pages come from several addresses. */
  session: number
}

/**
 * The limits of a server. The event streams of the API count as live pages. A process commonly has at most 1,024
 * sockets. In most browsers, all pages share one socket.
 */
export const streamLimits: StreamLimits = { all: 500, address: 60, session: 30 }

/** The open streams. A closing server must end them, because browsers keep them open. */
export class Streams {
  readonly #open = new Set<EventStream>()
  /** The number of pages of the server, of each address and of each session. */
  readonly #counts = new Map<string, number>()
  readonly #limits: StreamLimits

  constructor(limits: StreamLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Opens a stream for this number of pages. Returns undefined if the pages would exceed a limit. Without limits, one
   * client could use all live pages of the server. The stream takes over the reply.
   */
  open(request: FastifyRequest, reply: FastifyReply, pages = 1): EventStream | undefined {
    const owners = this.#owners(request)
    if (owners.some(({ name, max }) => (this.#counts.get(name) ?? 0) + pages > max)) return undefined
    reply.hijack()
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

  #owners({ ip, visitor }: FastifyRequest): { name: string; max: number }[] {
    const owners = [
      { name: 'the server', max: this.#limits.all },
      { name: `address ${networkOf(ip)}`, max: this.#limits.address },
    ]
    if (visitor?.kind !== 'administrator') return owners
    return [...owners, { name: `session ${visitor.session}`, max: this.#limits.session }]
  }

  #count(name: string, change: number): void {
    const count = (this.#counts.get(name) ?? 0) + change
    if (count > 0) this.#counts.set(name, count)
    else this.#counts.delete(name)
  }

  endAll(): void {
    for (const stream of this.#open) stream.end()
  }
}

function openStream(request: FastifyRequest, reply: FastifyReply): EventStream {
  const { raw } = reply
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders), // also those for pages of other sites
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // otherwise nginx buffers the events
  })
  const alive = () => raw.write(serialized({ event: 'alive', data: '' }))
  alive()
  request.raw.setTimeout?.(0)
  const closing = new AbortController()
  const heartbeat = setInterval(alive, aliveMs)
  const stop = () => {
    clearInterval(heartbeat)
    closing.abort()
  }
  raw.once('close', stop)
  return {
    closed: closing.signal,
    async send(event) {
      if (closing.signal.aborted || raw.write(serialized(event))) return
      await once(raw, 'drain', { signal: closing.signal }).catch(() => {}) // the caller checks `closed`
    },
    end() {
      stop() // nothing may be written after the end
      raw.end()
    },
  }
}

const serialized = ({ event, data, id }: ServerEvent): string => {
  const lines = data.split('\n').map(line => `data: ${line}\n`)
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\n${lines.join('')}\n`
}
