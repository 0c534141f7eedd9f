import { EventEmitter, once } from 'node:events'
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
  /** An AbortSignal looks at all of its listeners when it gets another one, and a server has thousands of long polls. */
  readonly #ends = new Set<() => void>()
  #ended = false
  readonly #answered = new EventEmitter()
  #apps: FastifyInstance[] = []
  #requests = 0
  #begun = false

  get begun(): boolean {
    return this.#begun
  }

  /**
   * Calls `end` when long polls and live pages must end; at once if they must end already. Returns a function that makes
   * the server forget `end`.
   */
  onEnding(end: () => void): () => void {
    if (this.#ended) end()
    else this.#ends.add(end)
    return () => void this.#ends.delete(end)
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
    this.#ended = true
    for (const end of this.#ends) end()
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
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (draining.begun) reply.header('connection', 'close')
    done()
  })
}
