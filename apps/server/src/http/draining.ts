import { EventEmitter, once, setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** Requests that take longer are cut. A service manager usually waits 10 s or more before it kills a process. */
const requestsMsMax = 8_000
/** A request that a load balancer has just sent over an open connection arrives within this time. */
const lastMs = 100

/**
 * How a server stops without cutting requests. First `/readyz` says that it stops, and each answer closes its
 * connection. Then the server takes no new connections, long polls and live pages end, and the last requests are
 * answered. So a load balancer sends the next requests to other servers.
 */
export class Draining {
  readonly #ending = new AbortController()
  readonly #answered = new EventEmitter()
  #apps: FastifyInstance[] = []
  #requests = 0
  #begun = false

  constructor() {
    setMaxListeners(0, this.#ending.signal) // one for each long poll
  }

  get begun(): boolean {
    return this.#begun
  }

  /** Aborts when long polls and live pages must end. */
  get ending(): AbortSignal {
    return this.#ending.signal
  }

  /** Counts the requests of this app that have no complete answer yet. */
  watch(app: FastifyInstance): void {
    this.#apps.push(app)
    app.server.on('request', (_request, response) => {
      this.#requests++
      response.once('close', () => {
        if (--this.#requests === 0) this.#answered.emit('all')
      })
    })
  }

  /** Resolves when the last request has its answer, or after eight seconds. `hurry` ends all waits. */
  async drain(delaySeconds: number, hurry: AbortSignal): Promise<void> {
    this.#begun = true
    await pause(delaySeconds * 1000, hurry)
    for (const { server } of this.#apps) if (server.listening) server.close()
    this.#ending.abort()
    const limit = AbortSignal.any([hurry, AbortSignal.timeout(requestsMsMax)])
    await pause(lastMs, limit)
    while (this.#requests > 0 && !limit.aborted) await once(this.#answered, 'all', { signal: limit }).catch(() => {})
  }
}

const pause = (milliseconds: number, hurry: AbortSignal) =>
  milliseconds > 0 ? sleep(milliseconds, undefined, { signal: hurry }).catch(() => {}) : undefined

/** Counts the requests of an app, and makes each answer of a stopping server close its connection. */
export function drainWith(app: FastifyInstance, draining: Draining | undefined): void {
  if (!draining) return
  draining.watch(app)
  app.addHook('onSend', async (_request, reply) => {
    if (draining.begun) reply.header('connection', 'close')
  })
}
