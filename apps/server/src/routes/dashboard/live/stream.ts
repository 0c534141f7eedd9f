import { once } from 'node:events'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { networkOf } from '../../../http/rate-limits.ts'
import { defaultHeaders } from '../../../http/security-headers.ts'

export interface ServerEvent {
  event: string
  data: string
  /** Which log it belongs to, and from where the browser wants more of it after a break. */
  id?: string
}

/** Server-sent events to one browser. */
export interface EventStream {
  /** Resolves when the browser can take more: who waits for it holds at most one event. */
  send(event: ServerEvent): Promise<void>
  readonly closed: AbortSignal
  end(): void
}

// Proxies commonly give up on a silent upstream after 60 s, and our pages (assets/connection.js) on a silent connection after 40 s.
const aliveMs = 15_000

/** How many pages may be kept up to date. */
export interface StreamLimits {
  /** Of the whole server. */
  all: number
  /** Of one address. */
  address: number
  /** Of one administrator's session, wherever it is used. */
  session: number
}

/** Streams that are open, so that a server that closes can end them: a browser never does. */
export class Streams {
  readonly #open = new Set<EventStream>()
  /** How many pages the server, each address and each session has. */
  readonly #counts = new Map<string, number>()
  readonly #limits: StreamLimits

  constructor(limits: StreamLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * A stream for so many pages. Undefined when there are too many: one client must not take the live pages away from others. The
   * reply is the stream's.
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

function openStream(request: FastifyRequest, { raw }: FastifyReply): EventStream {
  raw.writeHead(200, {
    ...defaultHeaders,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // nginx would hold the events back
  })
  const alive = () => raw.write(written({ event: 'alive', data: '' }))
  alive()
  request.raw.setTimeout?.(0)
  const closing = new AbortController()
  const heartbeat = setInterval(alive, aliveMs)
  raw.once('close', () => {
    clearInterval(heartbeat)
    closing.abort()
  })
  return {
    closed: closing.signal,
    async send(event) {
      if (closing.signal.aborted || raw.write(written(event))) return
      await once(raw, 'drain', { signal: closing.signal }).catch(() => {}) // closed: the caller sees it in `closed`
    },
    end: () => void raw.end(),
  }
}

const written = ({ event, data, id }: ServerEvent): string => {
  const lines = data.split('\n').map(line => `data: ${line}\n`)
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\n${lines.join('')}\n`
}
