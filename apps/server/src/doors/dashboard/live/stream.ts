import { once } from 'node:events'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { networkOf } from '../../rates.ts'

export interface ServerEvent {
  event: string
  data: string
  /** What the browser names when it comes back after a break. */
  id?: string
}

/** Server-sent events to one browser. */
export interface EventStream {
  /** Resolves when the browser can take more: who waits for it holds at most one event. */
  send(event: ServerEvent): Promise<void>
  readonly closed: AbortSignal
  end(): void
}

const heartbeatMs = 15_000 // proxies commonly give up on a silent upstream after 60 s
const comeBackMs = 1_000 // browsers wait 3 s and more by themselves; a server is back sooner than that

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
  /** How many each address and each session has. */
  readonly #counts = new Map<string, number>()
  readonly #limits: StreamLimits

  constructor(limits: StreamLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#open.size
  }

  /** Undefined when there are too many: one client must not take the live pages away from others. The reply is the stream's. */
  open(request: FastifyRequest, reply: FastifyReply): EventStream | undefined {
    const owners = this.#owners(request)
    const full = owners.some(({ name, max }) => (this.#counts.get(name) ?? 0) >= max)
    if (full || this.#open.size >= this.#limits.all) return undefined
    reply.hijack()
    const stream = openStream(request, reply)
    this.#open.add(stream)
    for (const { name } of owners) this.#count(name, 1)
    const forget = () => {
      this.#open.delete(stream)
      for (const { name } of owners) this.#count(name, -1)
    }
    stream.closed.addEventListener('abort', forget, { once: true })
    return stream
  }

  #owners({ ip, visitor }: FastifyRequest): { name: string; max: number }[] {
    const address = { name: `address ${networkOf(ip)}`, max: this.#limits.address }
    if (visitor?.kind !== 'administrator') return [address]
    return [address, { name: `session ${visitor.session}`, max: this.#limits.session }]
  }

  #count(name: string, change: 1 | -1): void {
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
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no', // nginx would hold the events back
    'x-content-type-options': 'nosniff',
  })
  raw.write(`retry: ${comeBackMs}\n\n`)
  request.raw.setTimeout?.(0)
  const closing = new AbortController()
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs)
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
